-- Capture: what the triggers run, inside the writer's transaction.
--
-- The two advisory locks of the product have the class 1463898956 ('WASL' in ASCII): object 1 is the doorbell's sign, held
-- by a listener that is awake; object 2 is the leadership of the one sequencer.

CREATE OR REPLACE FUNCTION wasla.stamp_statement() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    setting constant text := 'wasla.stamps_' || tg_relid || '_' || tg_op || '_' || pg_trigger_depth();
    stamp bigint;
BEGIN
    stamp := coalesce(nullif(current_setting('wasla.statement', true), '')::bigint, 0) + 1;
    PERFORM set_config('wasla.statement', stamp::text, true);
    PERFORM set_config(setting, concat_ws(',', nullif(current_setting(setting, true), ''), stamp), true);
    RETURN NULL;
EXCEPTION WHEN OTHERS OR assert_failure THEN
    RETURN NULL;  -- the capture takes the last stamp there is
END $$;
COMMENT ON FUNCTION wasla.stamp_statement() IS
    'BEFORE STATEMENT: counts, so that the number puts this statement''s rows before those of the statements its triggers run';

CREATE OR REPLACE FUNCTION wasla.composite_id(image jsonb, key_columns text[]) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- A function rather than a subquery where it is needed: setting that up costs every capture, this only those with such keys.
    RETURN (SELECT jsonb_agg(image -> k.name ORDER BY k.place)::text
            FROM unnest(key_columns) WITH ORDINALITY AS k(name, place));
END $$;
COMMENT ON FUNCTION wasla.composite_id(jsonb, text[]) IS 'The JSON array of a composite key''s values, in key order, as text';

-- A function that gets transition tables cannot hand them to another, so the capture functions are made from one text.
-- $event_type and $business_event are SQL expressions over tg_op and, for the latter, r.old_row and r.new_row.
CREATE OR REPLACE FUNCTION wasla.define_capture(name text, event_type text, business_event text) RETURNS void
LANGUAGE plpgsql AS $define$
DECLARE
    row_id constant text := $sql$CASE WHEN tg_nargs = 4 THEN %1$s ->> tg_argv[3]
             ELSE wasla.composite_id(%1$s, tg_argv[3:]) END$sql$;
    -- One expression takes the lock and gives it back, so that no cancelled statement can leave it behind in the session.
    bell constant text := $sql$IF (CASE WHEN pg_try_advisory_lock_shared(1463898956, 1)
                 THEN pg_advisory_unlock_shared(1463898956, 1) ELSE false END) THEN
            -- PREPARE TRANSACTION is refused after a NOTIFY, and a full queue would fail the commit: then the listener polls.
            IF current_setting('max_prepared_transactions') = '0' AND pg_notification_queue_usage() < 0.5 THEN
                NOTIFY wasla_wake;
            END IF;
        END IF;$sql$;
    body text := $body$
DECLARE
    setting text := 'wasla.stamps_' || tg_relid || '_' || tg_op || '_' || pg_trigger_depth();
    stamps text := current_setting(setting, true);
    stamp text;
    statement_stamp bigint;
    captured bigint;
BEGIN
    -- The stamp is taken off outside the guarded block, so that a failed capture leaves none behind.
    IF stamps <> '' THEN
        stamp := split_part(stamps, ',', -1);
        PERFORM set_config(setting, left(stamps, -length(stamp) - 1), true);
    ELSE
        -- A cascade: its statement begins inside the foreign key's trigger, one deeper, and ends with the statement that
        -- caused it. There may be several; they end in the order in which they began.
        setting := 'wasla.stamps_' || tg_relid || '_' || tg_op || '_' || pg_trigger_depth() + 1;
        stamps := current_setting(setting, true);
        IF stamps <> '' THEN
            stamp := split_part(stamps, ',', 1);
            PERFORM set_config(setting, substr(stamps, length(stamp) + 2), true);
        END IF;
    END IF;
    IF current_setting('wasla.failed', true) = 'on' THEN
        -- A capture of this transaction failed before, perhaps after waiting for a lock: a sale waits for that once.
        PERFORM set_config('lock_timeout', '1ms', true);
    END IF;
    BEGIN
        -- tg_argv: the table's name on events, its channel, the columns left out, its key columns
        statement_stamp := coalesce(stamp, nullif(current_setting('wasla.statement', true), ''), '0')::bigint;
        IF tg_op = 'INSERT' THEN
            INSERT INTO wasla.outbox (stamp, table_name, channel, event_type, row_id, new_row, business_event)
            SELECT statement_stamp, tg_argv[0], tg_argv[1], $event_type$, $new_id$, r.new_row, $business_event$
            FROM (SELECT $row$ AS new_row, NULL::jsonb AS old_row FROM wasla_new t OFFSET 0) r;
        ELSIF tg_op = 'UPDATE' THEN
            -- Both transition tables are filled in step, so rows pair by position; their keys may have changed.
            -- A full join, because it cannot be planned as a nested loop: the plan is cached from the first, small update.
            INSERT INTO wasla.outbox (stamp, table_name, channel, event_type, row_id, new_row, old_row, business_event)
            SELECT statement_stamp, tg_argv[0], tg_argv[1], $event_type$, $new_id$, r.new_row, r.old_row, $business_event$
            FROM (SELECT n.new_row, o.old_row
                  FROM (SELECT row_number() OVER () AS place, $row$ AS new_row FROM wasla_new t) n
                  FULL JOIN (SELECT row_number() OVER () AS place, $row$ AS old_row FROM wasla_old t) o
                      USING (place)
                  ORDER BY place) r;
        ELSIF tg_op = 'DELETE' THEN
            INSERT INTO wasla.outbox (stamp, table_name, channel, event_type, row_id, old_row, business_event)
            SELECT statement_stamp, tg_argv[0], tg_argv[1], $event_type$, $old_id$, r.old_row, $business_event$
            FROM (SELECT NULL::jsonb AS new_row, $row$ AS old_row FROM wasla_old t OFFSET 0) r;
        ELSE
            INSERT INTO wasla.outbox (stamp, table_name, channel, event_type)
            VALUES (statement_stamp, tg_argv[0], tg_argv[1], tg_op);
        END IF;
        GET DIAGNOSTICS captured = ROW_COUNT;
        IF captured = 0 THEN
            RETURN NULL;
        END IF;
        $bell$
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
    -- t.* is the row even where a column is named t.
    body := replace(body, '$row$', 'CASE tg_argv[2] WHEN ''{}'' THEN to_jsonb(t.*) ELSE to_jsonb(t.*) - tg_argv[2]::text[] END');
    body := replace(body, '$new_id$', format(row_id, 'r.new_row'));
    body := replace(body, '$old_id$', format(row_id, 'r.old_row'));
    body := replace(body, '$event_type$', event_type);
    body := replace(body, '$business_event$', business_event);
    body := replace(body, '$bell$', bell);
    -- A row reads the same whatever the writer's session is set to. A lock is waited for this long, for capture and mark each.
    EXECUTE format(
        'CREATE OR REPLACE FUNCTION wasla.%I() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER '
        'SET search_path = pg_catalog, pg_temp SET lock_timeout = ''250ms'' SET timezone = ''UTC'' '
        'SET extra_float_digits = 1 SET bytea_output = hex SET intervalstyle = postgres AS %L', name, body);
END $define$;
COMMENT ON FUNCTION wasla.define_capture(text, text, text) IS 'Makes a capture trigger function from the one text they share';

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

SELECT wasla.define_capture('notify_change', 'tg_op', 'NULL::text');
SELECT wasla.define_capture('notify_booking_change', 'tg_op', 'wasla.booking_event(tg_op, r.old_row, r.new_row)');
SELECT wasla.define_capture('notify_vehicle_queue_change', 'tg_op', 'wasla.vehicle_event(tg_op, r.old_row, r.new_row)');
SELECT wasla.define_capture('notify_probe', '''TEST''', 'NULL::text');

CREATE OR REPLACE FUNCTION wasla.partition_truncated() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '250ms' AS $$
BEGIN
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
        INSERT INTO wasla.outbox AS o (stamp, table_name, channel, event_type, row_id)
        SELECT 0, w.table_name, w.channel, 'TEST', 'test-' || gen_random_uuid()
        FROM wasla.watched w WHERE NOT w.internal ORDER BY w.table_name
        RETURNING o.channel, o.table_name, o.event_type, o.row_id;
    IF current_setting('max_prepared_transactions') = '0' THEN
        NOTIFY wasla_wake;
    END IF;
END $$;
COMMENT ON FUNCTION wasla.test_notifications() IS 'Emits a TEST event on the channel of every watched table and returns what it emitted';

CREATE OR REPLACE FUNCTION public.test_notifications()
RETURNS TABLE (channel text, table_name text, event_type text, id text)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT * FROM wasla.test_notifications()
$$;
COMMENT ON FUNCTION public.test_notifications() IS 'Wasla real-time: emits a TEST event on the channel of every watched table';
