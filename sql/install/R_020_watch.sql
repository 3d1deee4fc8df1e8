-- Which tables are watched: triggers are put on and taken off here, nowhere else.

CREATE OR REPLACE FUNCTION wasla.key_columns(target regclass) RETURNS text[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The primary key, else the replica identity's index, else the smallest plain unique index over NOT NULL columns.
    SELECT array_agg(a.attname::text ORDER BY k.place)
    FROM (SELECT i.indexrelid, i.indrelid, i.indkey
          FROM pg_index i
          WHERE i.indrelid = target AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
            AND NOT EXISTS (SELECT FROM unnest(i.indkey[0:i.indnkeyatts - 1]) AS c(attnum)
                            JOIN pg_attribute n ON n.attrelid = i.indrelid AND n.attnum = c.attnum
                            WHERE NOT n.attnotnull)
          ORDER BY i.indisprimary DESC, i.indisreplident DESC, i.indnkeyatts, i.indexrelid
          LIMIT 1) best
    CROSS JOIN LATERAL unnest(best.indkey) WITH ORDINALITY AS k(attnum, place)
    JOIN pg_attribute a ON a.attrelid = best.indrelid AND a.attnum = k.attnum
    JOIN pg_index i ON i.indexrelid = best.indexrelid AND k.place <= i.indnkeyatts
$$;

CREATE OR REPLACE FUNCTION wasla.virtual_columns(target regclass) RETURNS text[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(array_agg(attname::text ORDER BY attnum), '{}')
    FROM pg_attribute WHERE attrelid = target AND attgenerated = 'v' AND NOT attisdropped
$$;
COMMENT ON FUNCTION wasla.virtual_columns(regclass) IS
    'Columns computed when read (PostgreSQL 18): a trigger sees them as null, so events leave them out';

CREATE OR REPLACE FUNCTION wasla.event_table_name(target regclass) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE n.nspname WHEN 'public' THEN c.relname::text ELSE n.nspname || '.' || c.relname END
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = target
$$;
COMMENT ON FUNCTION wasla.event_table_name(regclass) IS 'The name that a table''s events carry: with its schema unless that is public';

CREATE OR REPLACE FUNCTION wasla.refuse_unwatchable(target regclass, channel text, capture text, internal boolean) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    relation pg_class;
BEGIN
    SELECT * INTO STRICT relation FROM pg_class WHERE oid = target;
    IF relation.relkind NOT IN ('r', 'p') THEN
        RAISE EXCEPTION 'expected a table, but % is not one: watch the tables behind it', target USING ERRCODE = 'wrong_object_type';
    ELSIF relation.relispartition THEN
        RAISE EXCEPTION '% is a partition: watch the table that it is a partition of', target USING ERRCODE = 'wrong_object_type';
    ELSIF relation.relpersistence = 't' THEN
        RAISE EXCEPTION '% is temporary: only tables that every session sees can be watched', target USING ERRCODE = 'wrong_object_type';
    ELSIF relation.relnamespace IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace) THEN
        RAISE EXCEPTION '% belongs to PostgreSQL: system tables cannot be watched', target USING ERRCODE = 'wrong_object_type';
    ELSIF relation.relnamespace = 'wasla'::regnamespace AND NOT internal THEN
        RAISE EXCEPTION '% belongs to Wasla itself: watching it would make an event of every event', target
            USING ERRCODE = 'wrong_object_type';
    ELSIF relation.relkind = 'r' AND EXISTS (SELECT FROM pg_inherits WHERE target IN (inhparent, inhrelid)) THEN
        RAISE EXCEPTION '% is part of a table inheritance, whose tables see each other''s changes only in part: '
            'make it a partitioned table, then watch it', target USING ERRCODE = 'feature_not_supported';
    ELSIF channel LIKE 'wasla\_%' AND NOT internal THEN
        RAISE EXCEPTION 'channels that begin with wasla_ are for Wasla itself, got %: choose another name', channel
            USING ERRCODE = 'invalid_parameter_value';
    ELSIF EXISTS (SELECT FROM wasla.watched w
                  WHERE w.table_name = wasla.event_table_name(target) AND w.relation <> target
                    AND EXISTS (SELECT FROM pg_class c WHERE c.oid = w.relation)) THEN
        RAISE EXCEPTION 'events of % would carry the name of another watched table (%): unwatch that one first, or watch it '
            'again if it was renamed', target, wasla.event_table_name(target) USING ERRCODE = 'duplicate_object';
    ELSIF wasla.key_columns(target) IS NULL THEN
        RAISE EXCEPTION '% has no key: add a primary key (or a unique index over NOT NULL columns), then watch it', target
            USING ERRCODE = 'invalid_table_definition';
    ELSIF channel = '' OR octet_length(channel) > 63 THEN
        RAISE EXCEPTION 'expected a channel name of 1 to 63 bytes, got % bytes', octet_length(channel)
            USING ERRCODE = 'invalid_parameter_value';
    ELSIF to_regprocedure(format('wasla.%I()', capture)) IS NULL
          OR capture NOT IN ('notify_change', 'notify_booking_change', 'notify_vehicle_queue_change', 'notify_probe') THEN
        RAISE EXCEPTION 'expected a capture function of wasla (notify_change, notify_booking_change, '
            'notify_vehicle_queue_change), got %', capture USING ERRCODE = 'invalid_parameter_value';
    END IF;
END $$;

CREATE OR REPLACE FUNCTION wasla.put_triggers(
    target regclass, table_name text, channel text, capture text, key_columns text[], is_partition boolean
) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    arguments text := (
        SELECT string_agg(quote_literal(a.value), ', ' ORDER BY a.place)
        FROM unnest(ARRAY[table_name, channel, wasla.virtual_columns(target)::text] || key_columns)
             WITH ORDINALITY AS a(value, place));
    operation text;
    tables constant jsonb := '{"INSERT": "NEW TABLE AS wasla_new", "DELETE": "OLD TABLE AS wasla_old",
                               "UPDATE": "OLD TABLE AS wasla_old NEW TABLE AS wasla_new"}';
BEGIN
    EXECUTE format('CREATE OR REPLACE TRIGGER wasla_stamp BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s '
                   'FOR EACH STATEMENT EXECUTE FUNCTION wasla.stamp_statement()', target);
    FOREACH operation IN ARRAY ARRAY['INSERT', 'UPDATE', 'DELETE'] LOOP
        EXECUTE format('CREATE OR REPLACE TRIGGER %I AFTER %s ON %s REFERENCING %s FOR EACH STATEMENT '
                       'EXECUTE FUNCTION wasla.%I(%s)',
                       'wasla_' || lower(operation), operation, target, tables ->> operation, capture, arguments);
    END LOOP;
    EXECUTE format('CREATE OR REPLACE TRIGGER wasla_truncate AFTER TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION wasla.%I(%s)',
                   target, CASE WHEN is_partition THEN 'partition_truncated' ELSE capture END, arguments);
END $$;

CREATE OR REPLACE FUNCTION wasla.forget(dropped_table text) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM wasla.watched w
    WHERE w.table_name = dropped_table AND NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = w.relation);
    RETURN FOUND;
END $$;
COMMENT ON FUNCTION wasla.forget(text) IS 'Takes a table that was dropped off the list of watched ones, by the name on its events';

CREATE OR REPLACE FUNCTION wasla.watch(
    target regclass, channel text DEFAULT NULL, capture text DEFAULT 'notify_change', internal boolean DEFAULT false
) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
    name constant text := wasla.event_table_name(target);
    keys constant text[] := wasla.key_columns(target);
    part regclass;
BEGIN
    channel := coalesce(channel, (SELECT relname FROM pg_class WHERE oid = target) || '_events');
    PERFORM wasla.refuse_unwatchable(target, channel, capture, internal);
    -- A table that was dropped and made anew is another relation of the same name.
    PERFORM wasla.forget(name);
    FOR part IN SELECT relid FROM pg_partition_tree(target) UNION SELECT target LOOP
        PERFORM wasla.put_triggers(part, name, channel, capture, keys, part <> target);
    END LOOP;
    INSERT INTO wasla.watched AS w (relation, table_name, channel, capture, key_columns, internal)
    VALUES (target, name, channel, capture, keys, internal)
    ON CONFLICT (relation) DO UPDATE
        SET table_name = excluded.table_name, channel = excluded.channel, capture = excluded.capture,
            key_columns = excluded.key_columns, internal = excluded.internal;
    PERFORM pg_notify('wasla_wake', 'catalog');
END $$;
COMMENT ON FUNCTION wasla.watch(regclass, text, text, boolean) IS
    'Captures the changes of a table (and of its partitions) from now on; calling it again brings channel, keys and partitions up to date';

CREATE OR REPLACE FUNCTION wasla.unwatch(target regclass) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    part regclass;
    trigger_name text;
    name constant text := coalesce((SELECT w.table_name FROM wasla.watched w WHERE w.relation = target),
                                   wasla.event_table_name(target));
    was_watched boolean;
BEGIN
    FOR part IN SELECT relid FROM pg_partition_tree(target) UNION SELECT target UNION
                -- A partition that was detached keeps its triggers, which go on speaking in the table's name.
                SELECT t.tgrelid FROM pg_trigger t WHERE t.tgname = 'wasla_insert'
                AND substring(t.tgargs FOR octet_length(name) + 1) = convert_to(name, getdatabaseencoding()) || '\x00'::bytea
    LOOP
        FOREACH trigger_name IN ARRAY ARRAY['wasla_stamp', 'wasla_insert', 'wasla_update', 'wasla_delete', 'wasla_truncate'] LOOP
            EXECUTE format('DROP TRIGGER IF EXISTS %I ON %s', trigger_name, part);
        END LOOP;
    END LOOP;
    DELETE FROM wasla.watched WHERE relation = target;
    was_watched := FOUND;
    PERFORM pg_notify('wasla_wake', 'catalog');
    RETURN was_watched;
END $$;
COMMENT ON FUNCTION wasla.unwatch(regclass) IS 'Takes the triggers off again; tells whether the table was watched';

CREATE OR REPLACE VIEW wasla.catalog AS
    SELECT w.table_name, w.channel, w.internal, w.key_columns,
           jsonb_object_agg(a.attname, CASE
               WHEN base.typcategory = 'N' AND base.oid <> 'money'::regtype THEN 'number'
               WHEN base.oid = 'boolean'::regtype THEN 'boolean'
               WHEN base.oid IN ('json'::regtype, 'jsonb'::regtype) OR base.typcategory IN ('A', 'C') THEN 'json'
               ELSE 'string' END) AS columns
    FROM wasla.watched w
    JOIN pg_attribute a ON a.attrelid = w.relation AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated <> 'v'
    JOIN pg_type t ON t.oid = a.atttypid
    JOIN pg_type base ON base.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
    GROUP BY w.relation;
COMMENT ON VIEW wasla.catalog IS 'Watched tables and, by column, the JSON kind of its values: number, string, boolean or json';

CREATE OR REPLACE VIEW wasla.untriggered AS
    SELECT w.table_name, part.relid AS relation, expected.name AS trigger_name,
           CASE WHEN t.oid IS NULL THEN 'missing' ELSE 'disabled' END AS problem
    FROM wasla.watched w
    CROSS JOIN LATERAL (SELECT relid FROM pg_partition_tree(w.relation) UNION SELECT w.relation) part
    CROSS JOIN (VALUES ('wasla_stamp'), ('wasla_insert'), ('wasla_update'), ('wasla_delete'), ('wasla_truncate')) expected(name)
    LEFT JOIN pg_trigger t ON t.tgrelid = part.relid AND t.tgname = expected.name AND NOT t.tgisinternal
    WHERE t.oid IS NULL OR t.tgenabled IN ('D', 'R');
COMMENT ON VIEW wasla.untriggered IS 'Watched tables and partitions whose triggers are missing or disabled: their changes go unseen';
