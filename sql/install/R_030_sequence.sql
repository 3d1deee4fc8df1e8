-- Sequencing: what the one leading pg-listener runs, on a session at REPEATABLE READ.

CREATE OR REPLACE FUNCTION wasla.current_epoch(install_id uuid, former text) RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    -- Read from the name of the WAL segment in use: the control file learns of a promotion only later.
    timeline constant text := left(pg_walfile_name(pg_current_wal_insert_lsn()), 8);
    cluster constant bigint := (pg_control_system()).system_identifier;
    database constant oid := (SELECT oid FROM pg_database WHERE datname = current_database());
    lineage constant text := left(
        encode(sha256(convert_to(concat_ws('/', cluster, timeline, database, install_id), 'UTF8')), 'hex'), 16);
BEGIN
    -- Two replicas of one primary, each promoted without knowing of the other, have the same lineage down to the number
    -- of the timeline: only chance tells their histories apart.
    RETURN CASE WHEN starts_with(former, lineage) THEN former ELSE lineage || left(gen_random_uuid()::text, 8) END;
END $$;
COMMENT ON FUNCTION wasla.current_epoch(uuid, text) IS
    'Names one unbroken history: the former epoch while it goes on; a new one in another cluster, timeline, database or installation';

-- STABLE, as what it calls is: else the planner does not inline it, which costs ten times as much.
CREATE OR REPLACE FUNCTION wasla.text_bytes(value jsonb) RETURNS bigint
LANGUAGE sql STABLE AS $$
    -- Only a compressed value has to be opened, which this path does, and it is never written as text: a text may be six
    -- times as long as the value, and past 1 GB there is none.
    SELECT CASE WHEN value IS NULL THEN 0
                WHEN pg_column_compression(value) IS NULL THEN pg_column_size(value)
                ELSE pg_column_size(value #> '{}') END
$$;
COMMENT ON FUNCTION wasla.text_bytes(jsonb) IS 'About how many bytes the value takes as text; whatever the value, it does not fail';

CREATE OR REPLACE FUNCTION wasla.rows_since(oldest xid8, running xid8[])
RETURNS TABLE (xid xid8, stamp pg_lsn, id pg_lsn, new_row jsonb, old_row jsonb)
LANGUAGE sql STABLE AS $$
    -- Two ranges of the index and no row twice: who was running had begun before the oldest that had not.
    SELECT o.xid, o.stamp, o.id, o.new_row, o.old_row FROM wasla.outbox o WHERE o.xid >= oldest
    UNION ALL
    SELECT o.xid, o.stamp, o.id, o.new_row, o.old_row FROM wasla.outbox o WHERE o.xid = ANY (running)
$$;
COMMENT ON FUNCTION wasla.rows_since(xid8, xid8[]) IS
    'Outbox rows of the transactions that a snapshot did not see: those that were running, those that had not begun';

CREATE OR REPLACE FUNCTION wasla.make_partitions(until bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    span constant bigint := 250000;
    lower_bound bigint := (SELECT partitioned_until FROM wasla.position);
    name text;
BEGIN
    WHILE lower_bound <= until LOOP
        name := 'event_log_' || lower_bound;
        -- Attached rather than created in place: that would lock readers of the whole log out.
        EXECUTE format('CREATE TABLE wasla.%I (LIKE wasla.event_log INCLUDING ALL)', name);
        EXECUTE format('ALTER TABLE wasla.event_log ATTACH PARTITION wasla.%I FOR VALUES FROM (%s) TO (%s)',
                       name, lower_bound, lower_bound + span);
        lower_bound := lower_bound + span;
    END LOOP;
    UPDATE wasla.position SET partitioned_until = lower_bound WHERE partitioned_until < lower_bound;
    RETURN lower_bound;
END $$;
COMMENT ON FUNCTION wasla.make_partitions(bigint) IS 'Sees to it that event_log can take every seq up to this one';

CREATE OR REPLACE FUNCTION wasla.sequence(
    max_rows integer, max_bytes bigint, complete boolean DEFAULT false, reported text[] DEFAULT '{}',
    row_max_bytes bigint DEFAULT 16777216, mark_only boolean DEFAULT false
) RETURNS TABLE (
    status text, seq bigint, tx_id text, tx_index integer, tx_size integer, table_name text, channel text, event_type text,
    row_id text, data text, changed text[], old text, business_event text, captured_at double precision,
    sequenced_at double precision, origin text, internal boolean
)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
-- The outbox is a handful of live rows among many dead ones, whatever the statistics say. And a batch of a large
-- transaction is read off the index in its order: a bitmap would fetch all the rest of the transaction each time. Up to
-- version 17 a plan type that is off counts as an enormous cost, which would have every call compiled. Planned once a
-- session: with the arrays' lengths known every plan looks cheaper than the general one, and to make it takes longer than
-- to number a single row.
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan SET jit = off SET timezone = 'UTC'
AS $$
#variable_conflict use_column
DECLARE
    here wasla.position;
    visible constant pg_snapshot := pg_current_snapshot();
    epoch_now text;
    first_seq bigint;
    now_at constant timestamptz := clock_timestamp();
    oldest xid8;
    running xid8[];
    visible_rows bigint := 0;
    visible_bytes bigint := 0;
    batch_bytes bigint;
    has_outbox constant boolean := to_regclass('wasla.outbox') IS NOT NULL;
    has_marks boolean := false;
    marks_seen pg_snapshot;
    has_backlog boolean;
    has_more boolean := false;
    skipped boolean := false;
    k_xid xid8[];
    k_stamp pg_lsn[];
    k_id pg_lsn[];
    k_index integer[];
    k_size integer[];
    last_place bigint;
    taken bigint := 0;
BEGIN
    IF pg_is_in_recovery() THEN
        RAISE EXCEPTION 'this server is in recovery: only a primary numbers events' USING ERRCODE = 'read_only_sql_transaction';
    ELSIF current_setting('transaction_isolation') <> 'repeatable read' THEN
        RAISE EXCEPTION 'expected a session at REPEATABLE READ, got %', current_setting('transaction_isolation')
            USING ERRCODE = 'invalid_transaction_state';
    ELSIF NOT pg_try_advisory_xact_lock(1463898956, 2) THEN
        RAISE EXCEPTION 'another session leads: only the holder of the leadership lock numbers events'
            USING ERRCODE = 'lock_not_available';
    END IF;
    IF mark_only THEN
        max_rows := 1;
    END IF;
    SELECT * INTO STRICT here FROM wasla.position;
    first_seq := here.seq;
    epoch_now := wasla.current_epoch(here.install_id, here.epoch);
    IF here.epoch IS DISTINCT FROM epoch_now THEN
        here.epoch := epoch_now;
        here.seen := NULL;  -- a snapshot of another history says nothing about this one
        UPDATE wasla.position SET epoch = here.epoch, seen = NULL;
    END IF;

    -- What is there to take?
    has_backlog := EXISTS (SELECT FROM wasla.backlog WHERE place > here.place);
    IF has_outbox AND NOT has_backlog THEN
        complete := complete OR here.seen IS NULL;
        oldest := CASE WHEN complete THEN '0'::xid8 ELSE pg_snapshot_xmax(here.seen) END;
        running := CASE WHEN complete THEN '{}' ELSE ARRAY(SELECT pg_snapshot_xip(here.seen)) END;
        -- A batch of one row is not cut by its bytes: a row that cannot even be opened must not fail others.
        SELECT count(*), coalesce(sum(CASE WHEN max_rows > 1 THEN wasla.text_bytes(w.new_row) + wasla.text_bytes(w.old_row) END), 0)
        INTO visible_rows, visible_bytes
        FROM (SELECT o.new_row, o.old_row FROM wasla.rows_since(oldest, running) o LIMIT max_rows + 1) w;
        IF visible_rows > max_rows OR visible_bytes > max_bytes THEN
            -- More than a batch: note the transactions of this look once, in their order, and work them off.
            INSERT INTO wasla.backlog (place, xid, size)
            SELECT here.place + row_number() OVER (ORDER BY w.last_id, w.xid), w.xid, w.size
            FROM (SELECT o.xid, max(o.id) AS last_id, count(*) AS size
                  FROM wasla.rows_since(oldest, running) o GROUP BY o.xid) w;
            has_backlog := true;
            here.seen := visible;
        END IF;
    END IF;

    -- Which rows, in which order?
    IF has_outbox AND has_backlog THEN
        SELECT array_agg(p.xid ORDER BY p.n), array_agg(p.stamp ORDER BY p.n), array_agg(p.id ORDER BY p.n),
               array_agg(p.tx_index ORDER BY p.n), array_agg(p.size ORDER BY p.n), max(p.place), sum(p.bytes)
        INTO k_xid, k_stamp, k_id, k_index, k_size, last_place, batch_bytes
        FROM (SELECT r.*, row_number() OVER in_order AS n, sum(r.bytes) OVER in_order AS bytes_so_far
              FROM (SELECT c.place, c.size, o.*,
                           (c.done + row_number() OVER (PARTITION BY c.place ORDER BY o.stamp, o.id) - 1)::integer AS tx_index
                    FROM (SELECT b.*, sum(b.size - b.done) OVER (ORDER BY b.place) - (b.size - b.done) AS rows_before
                          FROM (SELECT * FROM wasla.backlog WHERE place > here.place ORDER BY place LIMIT max_rows) b) c
                    CROSS JOIN LATERAL (
                        SELECT o.xid, o.stamp, o.id,
                               CASE WHEN max_rows > 1 THEN wasla.text_bytes(o.new_row) + wasla.text_bytes(o.old_row) END AS bytes
                        FROM wasla.outbox o
                        WHERE o.xid = c.xid AND (o.stamp, o.id) > (c.last_stamp, c.last_id)
                        ORDER BY o.stamp, o.id LIMIT max_rows) o
                    WHERE c.rows_before < max_rows) r
              WINDOW in_order AS (ORDER BY r.place, r.stamp, r.id)) p
        WHERE p.n <= max_rows AND (p.n = 1 OR p.bytes_so_far <= max_bytes);
        IF k_id IS NULL THEN
            -- Somebody emptied the outbox: a plan for rows that are gone must not keep what is newer waiting.
            DELETE FROM wasla.backlog;
            UPDATE wasla.position SET seen = NULL;
            here.seen := NULL;
            has_more := true;
        END IF;
    ELSIF visible_rows > 0 THEN
        SELECT array_agg(p.xid ORDER BY p.n), array_agg(p.stamp ORDER BY p.n), array_agg(p.id ORDER BY p.n),
               array_agg(p.tx_index ORDER BY p.n), array_agg(p.size ORDER BY p.n)
        INTO k_xid, k_stamp, k_id, k_index, k_size
        FROM (SELECT r.*, row_number() OVER (ORDER BY r.last_id, r.xid, r.stamp, r.id) AS n
              FROM (SELECT o.xid, o.stamp, o.id, max(o.id) OVER of_transaction AS last_id,
                           (row_number() OVER (PARTITION BY o.xid ORDER BY o.stamp, o.id) - 1)::integer AS tx_index,
                           (count(*) OVER of_transaction)::integer AS size
                    FROM wasla.rows_since(oldest, running) o
                    WINDOW of_transaction AS (PARTITION BY o.xid)) r) p;
        batch_bytes := CASE WHEN max_rows > 1 THEN visible_bytes END;
        here.seen := visible;
    END IF;

    -- Number them and move them to the log.
    IF k_id IS NOT NULL THEN
        IF here.seq + cardinality(k_id) >= here.partitioned_until THEN
            PERFORM wasla.make_partitions(here.seq + cardinality(k_id));
        END IF;
        RETURN QUERY
            -- Each row is looked up by its key, then deleted by its place. A join of the two would be planned by the
            -- outbox's statistics, and those of an empty one have every row of the outbox compared with every key.
            WITH moved AS MATERIALIZED (
                SELECT k.n, k.tx_index, k.tx_size, found.*
                FROM unnest(k_xid, k_stamp, k_id, k_index, k_size) WITH ORDINALITY AS k(xid, stamp, id, tx_index, tx_size, n)
                CROSS JOIN LATERAL (SELECT o.ctid AS place, o.* FROM wasla.outbox o
                                    WHERE o.xid = k.xid AND o.stamp = k.stamp AND o.id = k.id OFFSET 0) found),
            deleted AS (DELETE FROM wasla.outbox o WHERE o.ctid = ANY (ARRAY(SELECT m.place FROM moved m)))
            INSERT INTO wasla.event_log AS l (
                seq, tx_id, tx_index, tx_size, table_name, channel, event_type, row_id, data, changed, old, business_event,
                captured_at, sequenced_at, origin)
            SELECT first_seq + m.n, m.xid, m.tx_index, m.tx_size, m.arguments[0], m.arguments[1],
                   CASE WHEN mark_only THEN 'CAPTURE_FAILED' ELSE m.event_type END,
                   CASE WHEN NOT mark_only THEN coalesce(m.row_id, wasla.row_id(coalesce(m.new_row, m.old_row), m.arguments)) END,
                   CASE WHEN size.is_beyond THEN NULL
                        WHEN m.arguments[2] = '{}' THEN coalesce(m.new_row, m.old_row)
                        ELSE coalesce(m.new_row, m.old_row) - m.arguments[2]::text[] END,
                   CASE WHEN m.event_type = 'UPDATE' AND NOT mark_only THEN coalesce(d.changed, '{}') END,
                   CASE WHEN m.event_type = 'UPDATE' AND NOT size.is_beyond THEN coalesce(d.old, '{}') END,
                   CASE WHEN NOT mark_only THEN wasla.business_event(m.capture, m.event_type, m.old_row, m.new_row) END,
                   m.captured_at, now_at,
                   CASE WHEN NOT mark_only THEN m.origin END
            FROM moved m
            -- What is beyond the limit is not kept: nobody is sent it. A small batch holds none.
            CROSS JOIN LATERAL (SELECT CASE
                WHEN mark_only THEN true
                WHEN batch_bytes <= row_max_bytes THEN false
                ELSE greatest(wasla.text_bytes(m.new_row), wasla.text_bytes(m.old_row)) > row_max_bytes END AS is_beyond) size
            LEFT JOIN LATERAL (
                SELECT array_agg(n.key) AS changed,
                       jsonb_object_agg(n.key, m.old_row -> n.key) FILTER (WHERE NOT size.is_beyond) AS old
                FROM jsonb_each(CASE WHEN m.event_type = 'UPDATE' AND NOT mark_only THEN m.new_row END) n
                WHERE m.old_row -> n.key IS DISTINCT FROM n.value) d ON true
            ORDER BY m.n
            RETURNING NULL::text, l.seq, l.tx_id::text, l.tx_index, l.tx_size, l.table_name, l.channel, l.event_type, l.row_id,
                      l.data::text, l.changed, l.old::text, l.business_event,
                      extract(epoch FROM l.captured_at)::double precision, extract(epoch FROM l.sequenced_at)::double precision,
                      l.origin, l.table_name IN (SELECT w.table_name FROM wasla.watched w WHERE w.internal);
        GET DIAGNOSTICS taken = ROW_COUNT;
        IF taken <> cardinality(k_id) THEN
            RAISE EXCEPTION 'expected to move % outbox rows, moved %', cardinality(k_id), taken USING ERRCODE = 'data_corrupted';
        END IF;
        here.seq := here.seq + taken;
        IF has_backlog THEN
            IF k_index[taken] + 1 < k_size[taken] THEN
                UPDATE wasla.backlog SET done = k_index[taken] + 1, last_stamp = k_stamp[taken], last_id = k_id[taken]
                WHERE place = last_place;
                last_place := last_place - 1;
            END IF;
            DELETE FROM wasla.backlog WHERE place > here.place AND place <= last_place;
            here.place := last_place;
            has_more := EXISTS (SELECT FROM wasla.backlog WHERE place > here.place);
        END IF;
    END IF;

    -- Marks of failed captures are numbered, too: so are the tables reported by the doorbell's payload. Everybody may
    -- ring, so a report counts only where there is such a table.
    reported := ARRAY(SELECT w.table_name FROM wasla.watched w WHERE w.table_name = ANY (reported) ORDER BY 1);
    IF to_regclass('wasla.capture_failure') IS NOT NULL THEN
        has_marks := EXISTS (SELECT FROM wasla.capture_failure);
    END IF;
    taken := 0;
    IF has_marks OR cardinality(reported) > 0 THEN
        -- A mark tells readers to load a table as it is now; what was committed before must not be told to them after it.
        -- A backlog that is done holds all that its look saw: marks of that time follow it, later ones the next look.
        marks_seen := visible;
        IF has_outbox AND has_backlog THEN
            marks_seen := CASE WHEN NOT has_more THEN here.seen END;
            reported := '{}';
            has_more := true;
        END IF;
        IF marks_seen IS NOT NULL THEN
            RETURN QUERY SELECT * FROM wasla.sequence_marks(here.seq, has_marks, marks_seen, reported, now_at);
            GET DIAGNOSTICS taken = ROW_COUNT;
        END IF;
        here.seq := here.seq + taken;
    END IF;

    IF here.seq > first_seq THEN
        UPDATE wasla.position SET seq = here.seq, seen = here.seen, place = here.place;
        IF pg_notification_queue_usage() < 0.75 THEN
            NOTIFY wasla_log;  -- else the standbys poll: a full queue would fail this very transaction
        END IF;
        skipped := wasla.announce(first_seq) = 0;
    END IF;
    RETURN QUERY SELECT
        jsonb_build_object(
            'epoch', here.epoch, 'seq', here.seq, 'has_more', has_more, 'xmin', pg_snapshot_xmin(visible)::text::bigint,
            'xmax', pg_snapshot_xmax(visible)::text::bigint, 'outbox_missing', NOT has_outbox,
            'notifications_skipped', skipped)::text,
        NULL::bigint, NULL::text, NULL::integer, NULL::integer, NULL::text, NULL::text, NULL::text, NULL::text, NULL::text,
        NULL::text[], NULL::text, NULL::text, NULL::double precision, NULL::double precision, NULL::text, NULL::boolean;
END $$;
COMMENT ON FUNCTION wasla.sequence(integer, bigint, boolean, text[], bigint, boolean) IS
    'Numbers what is visible in the outbox, at most a batch, moves it to event_log and returns it, then one row with the status; '
    'mark_only: puts a CAPTURE_FAILED mark in the place of the first row, for one that cannot be moved';

CREATE OR REPLACE FUNCTION wasla.sequence_marks(
    after_seq bigint, from_table boolean, seen pg_snapshot, reported text[], now_at timestamptz
)
RETURNS TABLE (
    status text, seq bigint, tx_id text, tx_index integer, tx_size integer, table_name text, channel text, event_type text,
    row_id text, data text, changed text[], old text, business_event text, captured_at double precision,
    sequenced_at double precision, origin text, internal boolean
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    marks text[] := reported;
    removed text[];
BEGIN
    IF from_table THEN
        WITH gone AS (DELETE FROM wasla.capture_failure f WHERE pg_visible_in_snapshot(f.xid, seen) RETURNING f.table_name)
        SELECT array_agg(DISTINCT table_name) INTO removed FROM gone;
        marks := ARRAY(SELECT DISTINCT unnest(marks || removed));
    END IF;
    PERFORM wasla.make_partitions(after_seq + cardinality(marks) + 1);
    RETURN QUERY
        INSERT INTO wasla.event_log AS l (
            seq, tx_id, tx_index, tx_size, table_name, channel, event_type, captured_at, sequenced_at)
        SELECT after_seq + m.n, pg_current_xact_id(), (m.n - 1)::integer, cardinality(marks), m.table_name,
               coalesce((SELECT w.channel FROM wasla.watched w WHERE w.table_name = m.table_name), ''),
               'CAPTURE_FAILED', now_at, now_at
        FROM unnest(marks) WITH ORDINALITY AS m(table_name, n)
        ORDER BY m.n
        RETURNING NULL::text, l.seq, l.tx_id::text, l.tx_index, l.tx_size, l.table_name, l.channel, l.event_type, l.row_id,
                  l.data::text, l.changed, l.old::text, l.business_event,
                  extract(epoch FROM l.captured_at)::double precision, extract(epoch FROM l.sequenced_at)::double precision,
                  l.origin, l.table_name IN (SELECT w.table_name FROM wasla.watched w WHERE w.internal);
END $$;
COMMENT ON FUNCTION wasla.sequence_marks(bigint, boolean, pg_snapshot, text[], timestamptz) IS
    'Numbers one CAPTURE_FAILED entry for each table whose changes could not be captured';

CREATE OR REPLACE FUNCTION wasla.announce(after_seq bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    announced bigint;
BEGIN
    -- A courtesy to LISTEN consumers. One that does not read fills the queue, and a full queue fails commits.
    IF pg_notification_queue_usage() > 0.5 THEN
        RETURN 0;
    END IF;
    PERFORM pg_notify(l.channel, CASE
        -- A payload of 8000 bytes is refused. Only a long id is worth measuring the whole: escapes make it six times as long.
        WHEN coalesce(octet_length(l.row_id), 0) < 1000 OR octet_length(whole.payload) < 8000 THEN whole.payload
        ELSE (whole.payload::jsonb - 'id' || '{"truncated": true}')::text END)
    FROM wasla.event_log l
    CROSS JOIN LATERAL (SELECT json_build_object(
        'event_type', l.event_type, 'table', l.table_name, 'id', l.row_id, 'seq', l.seq,
        'business_event', l.business_event, 'timestamp', l.captured_at)::text AS payload) whole
    WHERE l.seq > after_seq AND l.channel <> ''
      AND l.table_name NOT IN (SELECT w.table_name FROM wasla.watched w WHERE w.internal);
    GET DIAGNOSTICS announced = ROW_COUNT;
    RETURN greatest(announced, 1);
END $$;
COMMENT ON FUNCTION wasla.announce(bigint) IS
    'Notifies the public channels, metadata only, once per event; returns 0 when it held back because the queue is filling';

CREATE OR REPLACE FUNCTION wasla.maintain_log(max_age interval, max_rows bigint)
RETURNS TABLE (made_until bigint, dropped text[], deferred text[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '200ms' AS $$
#variable_conflict use_column
DECLARE
    top bigint := (SELECT seq FROM wasla.position);
    part record;
    newest timestamptz;
BEGIN
    dropped := '{}';
    deferred := '{}';
    BEGIN
        made_until := wasla.make_partitions(top + 250000);
    EXCEPTION WHEN lock_not_available THEN  -- the sequencer waits, where there is no room left
        made_until := (SELECT partitioned_until FROM wasla.position);
    END;
    FOR part IN
        SELECT c.relname, substring(pg_get_expr(c.relpartbound, c.oid) FROM 'TO \(''?(\d+)')::bigint AS upper_bound
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'wasla.event_log'::regclass ORDER BY 2
    LOOP
        EXIT WHEN part.upper_bound > top;  -- still being filled
        EXECUTE format('SELECT max(sequenced_at) FROM (SELECT sequenced_at FROM wasla.%I ORDER BY seq DESC LIMIT 1) l', part.relname)
        INTO newest;
        EXIT WHEN NOT (part.upper_bound <= top - max_rows OR coalesce(newest, '-infinity') < clock_timestamp() - max_age);
        BEGIN
            EXECUTE format('DROP TABLE wasla.%I', part.relname);
            dropped := dropped || part.relname::text;
        EXCEPTION WHEN lock_not_available THEN
            deferred := deferred || part.relname::text;
            EXIT;  -- in order, so that what is kept has no hole
        END;
    END LOOP;
    RETURN NEXT;
END $$;
COMMENT ON FUNCTION wasla.maintain_log(interval, bigint) IS
    'Makes partitions ahead and drops those whose every event is older than max_age or more than max_rows behind; never waits long';
