-- Capture: what the triggers run, inside the writer's transaction.
--
-- The two advisory locks of the product have the class 1463898956 ('WASL' in ASCII): object 1 is the doorbell's sign, held
-- by a listener that is awake; object 2 is the leadership of the one sequencer.

CREATE OR REPLACE FUNCTION wasla.stamp_statement() RETURNS trigger
-- With the writer's own rights and nothing set, which would cost more than all it does: every name says where it is from,
-- types, too: a temporary table named text would be found before the type.
-- STABLE, because a volatile function takes a snapshot for every expression that is not constant.
LANGUAGE plpgsql STABLE AS $$
DECLARE
    setting pg_catalog.text := pg_catalog.concat('wasla.stamps_', tg_relid, tg_op, pg_catalog.pg_trigger_depth());
BEGIN
    -- An assignment, because PERFORM runs the executor. The latest stamp comes first, each has a comma behind it.
    setting := pg_catalog.set_config(setting, pg_catalog.concat(
        pg_catalog.pg_current_wal_insert_lsn(), ',', pg_catalog.current_setting(setting, true)), true);
    RETURN NULL;
END $$;
COMMENT ON FUNCTION wasla.stamp_statement() IS
    'BEFORE STATEMENT: notes where it began, which puts its rows before those of the statements its triggers run';

-- A function that gets transition tables cannot hand them to another, so the capture functions are made from one text, and
-- differ in what they note: the event's type and their own name, by which the sequencer adds the business event.
CREATE OR REPLACE FUNCTION wasla.define_capture(name text, event_type text) RETURNS void
LANGUAGE plpgsql AS $define$
DECLARE
    -- One expression takes the lock and gives it back, so that no cancelled statement can leave it behind in the session.
    bell constant text := $sql$IF (CASE WHEN pg_try_advisory_lock_shared(1463898956, 1)
                 THEN pg_advisory_unlock_shared(1463898956, 1) ELSE false END) THEN
            -- PREPARE TRANSACTION is refused after a NOTIFY, and a full queue would fail the commit: then the listener polls.
            IF current_setting('max_prepared_transactions') = '0' AND pg_notification_queue_usage() < 0.5 THEN
                NOTIFY wasla_wake;
            END IF;
        END IF;$sql$;
    -- What runs for every sale does nothing that the sequencer can do, for many at a time. Each expression is set up anew in
    -- every transaction, function by function, and takes a snapshot: there are few. PERFORM would run the executor.
    body text := $body$
#variable_conflict use_variable
DECLARE
    -- Statements of one depth may end in another order than they began (WITH), but not those of one table and operation.
    setting text := concat('wasla.stamps_', tg_relid, tg_op, pg_trigger_depth());
    stamps text := current_setting(setting, true);
    stamp text := split_part(stamps, ',', 1);
BEGIN
    -- The stamp is taken off outside the guarded block, so that a failed capture leaves none behind.
    IF stamps <> '' THEN
        stamps := set_config(setting, substr(stamps, length(stamp) + 2), true);
    ELSE
        -- A cascade: its statement begins inside the foreign key's trigger, one deeper, and ends with the statement that
        -- caused it. There may be several; they end in the order in which they began.
        setting := concat('wasla.stamps_', tg_relid, tg_op, pg_trigger_depth() + 1);
        stamps := rtrim(current_setting(setting, true), ',');
        stamp := split_part(stamps, ',', -1);
        IF stamps <> '' THEN
            stamps := set_config(setting, left(stamps, -length(stamp)), true);
        ELSE
            stamp := pg_current_wal_insert_lsn();  -- the stamp's trigger is disabled
        END IF;
    END IF;
    IF current_setting('wasla.failed', true) = 'on' THEN
        -- A capture of this transaction failed before, perhaps after waiting for a lock: a sale waits for that once.
        stamps := set_config('lock_timeout', '1ms', true);
    END IF;
    BEGIN
        IF pg_trigger_depth() > 1 THEN
            -- Inside another statement. Where nothing was written to the WAL since that began (the table is unlogged) both
            -- read the same position, and the depth tells them apart: it never reaches the next record, of 24 bytes or more.
            stamp := stamp::pg_lsn + least(pg_trigger_depth(), 20)::numeric;
        END IF;
        IF tg_op = 'INSERT' THEN
            INSERT INTO wasla.outbox (stamp, event_type, capture, arguments, new_row)
            SELECT stamp::pg_lsn, $event_type$, $capture$, tg_argv, to_jsonb(t.*) FROM wasla_new t;
        ELSIF tg_op = 'UPDATE' THEN
            -- Both transition tables are filled in step, so rows pair by position; their keys may have changed.
            -- A full join, because it cannot be planned as a nested loop: the plan is cached from the first, small update.
            INSERT INTO wasla.outbox (stamp, event_type, capture, arguments, new_row, old_row)
            SELECT stamp::pg_lsn, $event_type$, $capture$, tg_argv, n.new_row, o.old_row
            FROM (SELECT row_number() OVER () AS place, to_jsonb(t.*) AS new_row FROM wasla_new t) n
            FULL JOIN (SELECT row_number() OVER () AS place, to_jsonb(t.*) AS old_row FROM wasla_old t) o USING (place)
            ORDER BY place;
        ELSIF tg_op = 'DELETE' THEN
            INSERT INTO wasla.outbox (stamp, event_type, capture, arguments, old_row)
            SELECT stamp::pg_lsn, $event_type$, $capture$, tg_argv, to_jsonb(t.*) FROM wasla_old t;
        ELSE
            INSERT INTO wasla.outbox (stamp, event_type, capture, arguments)
            VALUES (stamp::pg_lsn, tg_op, $capture$, tg_argv);
        END IF;
        IF FOUND THEN
            $bell$
        END IF;
    EXCEPTION WHEN OTHERS OR assert_failure THEN
        PERFORM set_config('wasla.failed', 'on', true);
        RAISE WARNING 'wasla: a % on % was not captured (%): clients are told to reload the table', tg_op, tg_argv[0], sqlerrm;
        BEGIN
            INSERT INTO wasla.capture_failure (table_name, reason) VALUES (tg_argv[0], sqlerrm);
            $bell$
        EXCEPTION WHEN OTHERS OR assert_failure THEN
            BEGIN
                IF current_setting('max_prepared_transactions') = '0' AND pg_notification_queue_usage() < 0.5 THEN
                    PERFORM pg_notify('wasla_wake', 'capture_failed:' || tg_argv[0]);
                END IF;
            EXCEPTION WHEN OTHERS OR assert_failure THEN
                NULL;  -- the warning above is all that can still be said
            END;
        END;
    END;
    RETURN NULL;
END $body$;
BEGIN
    body := replace(body, '$event_type$', event_type);
    body := replace(body, '$capture$', quote_literal(name));
    body := replace(body, '$bell$', bell);
    -- A row reads the same whatever the writer's session is set to. A lock is waited for this long, for capture and mark each.
    EXECUTE format(
        'CREATE OR REPLACE FUNCTION wasla.%I() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER '
        'SET search_path = pg_catalog, pg_temp SET lock_timeout = ''250ms'' SET timezone = ''UTC'' '
        'SET extra_float_digits = 1 SET bytea_output = hex SET intervalstyle = postgres AS %L', name, body);
END $define$;
COMMENT ON FUNCTION wasla.define_capture(text, text) IS 'Makes a capture trigger function from the one text they share';

CREATE OR REPLACE FUNCTION wasla.booking_event(operation text, old_row jsonb, new_row jsonb) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN operation = 'INSERT' THEN 'BOOKING_CREATED'
        WHEN operation = 'DELETE' THEN 'BOOKING_CANCELLED'
        WHEN new_row ->> 'booking_status' = 'CANCELLED' AND old_row ->> 'booking_status' IS DISTINCT FROM 'CANCELLED'
          OR new_row ->> 'payment_status' = 'CANCELLED' AND old_row ->> 'payment_status' IS DISTINCT FROM 'CANCELLED'
          -- Compared as JSON: that knows numbers, and no value of a column of another type can make it fail.
          OR new_row -> 'seats_booked' < old_row -> 'seats_booked'
             AND new_row -> 'refund_amount' > coalesce(nullif(old_row -> 'refund_amount', 'null'), '0')
            THEN 'BOOKING_CANCELLED'
    END
$$;
COMMENT ON FUNCTION wasla.booking_event(text, jsonb, jsonb) IS
    'A booking is cancelled by deleting it, by either status, or by giving back seats against a refund';

CREATE OR REPLACE FUNCTION wasla.vehicle_event(operation text, old_row jsonb, new_row jsonb) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN operation = 'INSERT' THEN 'VEHICLE_ENTERED'
        WHEN operation = 'DELETE' THEN 'VEHICLE_EXITED'
        WHEN operation = 'UPDATE' AND new_row <> old_row THEN 'VEHICLE_UPDATED'
    END
$$;
COMMENT ON FUNCTION wasla.vehicle_event(text, jsonb, jsonb) IS 'A queue row is a vehicle: its delete is the departure';

CREATE OR REPLACE FUNCTION wasla.business_event(capture text, operation text, old_row jsonb, new_row jsonb) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE capture
        WHEN 'notify_booking_change' THEN wasla.booking_event(operation, old_row, new_row)
        WHEN 'notify_vehicle_queue_change' THEN wasla.vehicle_event(operation, old_row, new_row)
    END
$$;
COMMENT ON FUNCTION wasla.business_event(text, text, jsonb, jsonb) IS 'What a change means, by the function that captured it; null: nothing';

CREATE OR REPLACE FUNCTION wasla.composite_id(image jsonb, key_columns text[]) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- A function rather than a subquery in row_id: the planner would not inline that, which costs every row, this only some.
    RETURN (SELECT jsonb_agg(image -> k.name ORDER BY k.place)::text
            FROM unnest(key_columns) WITH ORDINALITY AS k(name, place));
END $$;
COMMENT ON FUNCTION wasla.composite_id(jsonb, text[]) IS 'The JSON array of a composite key''s values, in key order, as text';

CREATE OR REPLACE FUNCTION wasla.row_id(image jsonb, arguments text[]) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN cardinality(arguments) = 4 THEN image ->> arguments[3]
                WHEN image IS NOT NULL THEN wasla.composite_id(image, arguments[3:]) END
$$;
COMMENT ON FUNCTION wasla.row_id(jsonb, text[]) IS 'The key of a row, by its trigger''s arguments; null for no row';

SELECT wasla.define_capture('notify_change', 'tg_op');
SELECT wasla.define_capture('notify_booking_change', 'tg_op');
SELECT wasla.define_capture('notify_vehicle_queue_change', 'tg_op');
SELECT wasla.define_capture('notify_probe', '''TEST''');

CREATE OR REPLACE FUNCTION wasla.partition_truncated() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '250ms' AS $$
DECLARE
    setting text := concat('wasla.stamps_', tg_relid, tg_op, pg_trigger_depth());
    stamps text := current_setting(setting, true);
    began text := split_part(stamps, ',', 1);
    is_told boolean;
BEGIN
    stamps := set_config(setting, substr(stamps, length(began) + 2), true);
    BEGIN
        -- Truncating the whole table comes here for each of its parts, after its own event was captured.
        is_told := EXISTS (SELECT FROM wasla.outbox o
                           WHERE o.xid = pg_current_xact_id() AND o.id >= nullif(began, '')::pg_lsn
                             AND o.event_type = 'TRUNCATE' AND o.arguments[0] = tg_argv[0]);
    EXCEPTION WHEN OTHERS OR assert_failure THEN
        is_told := false;
    END;
    IF is_told THEN
        RETURN NULL;
    END IF;
    -- There is no event that says "a part of the table is gone": readers reload it.
    INSERT INTO wasla.capture_failure (table_name, reason) VALUES (tg_argv[0], 'the partition ' || tg_relid::regclass || ' was truncated');
    IF current_setting('max_prepared_transactions') = '0' AND pg_notification_queue_usage() < 0.5 THEN
        NOTIFY wasla_wake;
    END IF;
    RETURN NULL;
EXCEPTION WHEN OTHERS OR assert_failure THEN
    RAISE WARNING 'wasla: the truncation of a partition of % was not captured (%)', tg_argv[0], sqlerrm;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION wasla.test_notifications()
RETURNS TABLE (channel text, table_name text, event_type text, id text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
        INSERT INTO wasla.outbox AS o (stamp, event_type, capture, arguments, row_id)
        SELECT pg_current_wal_insert_lsn(), 'TEST', 'test_notifications', ('[0:1]=' || ARRAY[w.table_name, w.channel]::text)::text[],
               'test-' || gen_random_uuid()
        FROM wasla.watched w WHERE NOT w.internal ORDER BY w.table_name
        RETURNING o.arguments[1], o.arguments[0], o.event_type, o.row_id;
    IF current_setting('max_prepared_transactions') = '0' THEN
        NOTIFY wasla_wake;
    END IF;
END $$;
COMMENT ON FUNCTION wasla.test_notifications() IS 'Emits a TEST event on the channel of every watched table and returns what it emitted';

-- The one function outside the schema. Where least rights could not hand it over, it is another administrator's: then it stays
-- as long as it is the one wanted, and runs as somebody who may act as the schema's owner.
DO $$
DECLARE
    body constant text := $body$
    SELECT * FROM wasla.test_notifications()
$body$;
    result constant text := 'TABLE(channel text, table_name text, event_type text, id text)';
    present record;
BEGIN
    SELECT p.proowner, p.prosecdef AND p.proconfig = ARRAY['search_path=pg_catalog, pg_temp'] AND p.prosrc = body
           AND pg_get_function_result(p.oid) = result AND p.prolang = (SELECT oid FROM pg_language WHERE lanname = 'sql')
           AND pg_has_role(p.proowner, n.nspowner, 'USAGE') AS is_wanted, n.nspowner
    INTO present FROM pg_proc p, pg_namespace n
    WHERE p.oid = to_regprocedure('public.test_notifications()') AND n.nspname = 'wasla'
      AND NOT pg_has_role(p.proowner, 'USAGE');
    IF NOT FOUND THEN
        EXECUTE format('CREATE OR REPLACE FUNCTION public.test_notifications() RETURNS %s LANGUAGE sql SECURITY DEFINER '
                       'SET search_path = pg_catalog, pg_temp AS %L', result, body);
        COMMENT ON FUNCTION public.test_notifications() IS 'Wasla real-time: emits a TEST event on the channel of every watched table';
        REVOKE ALL ON FUNCTION public.test_notifications() FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION public.test_notifications() TO PUBLIC;
    ELSIF present.is_wanted IS NOT TRUE THEN
        RAISE EXCEPTION 'public.test_notifications() is not as wanted and belongs to role %, so a superuser has to run ALTER FUNCTION public.test_notifications() OWNER TO % first',
            quote_ident(pg_get_userbyid(present.proowner)), quote_ident(pg_get_userbyid(present.nspowner));
    END IF;
END $$;
