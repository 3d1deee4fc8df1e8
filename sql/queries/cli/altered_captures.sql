-- Capture functions that are not as an install leaves them: those of the schema, and those that watched tables run.
SELECT seen.*
FROM (
    SELECT
        p.oid::pg_catalog.regprocedure::text AS function,
        p.pronamespace = n.oid AS is_in_schema,
        p.prosecdef AS is_definer,
        p.provolatile = 'v' AND ARRAY(SELECT pg_catalog.lower(s) FROM pg_catalog.unnest(p.proconfig) AS s ORDER BY 1) = ARRAY[
            'bytea_output=hex', 'extra_float_digits=1', 'intervalstyle=postgres', 'lock_timeout=250ms',
            'search_path=pg_catalog, pg_temp', 'timezone=utc'] AS is_pinned,
        pg_catalog.pg_get_userbyid(p.proowner)::text AS owner,
        -- Without roles of its own, several may have installed into it.
        CASE WHEN pg_catalog.pg_get_userbyid(n.nspowner) = 'wasla_owner'
             THEN pg_catalog.pg_get_userbyid(p.proowner) = 'wasla_capture'
             ELSE pg_catalog.pg_has_role(p.proowner, n.nspowner, 'MEMBER') END AS is_rightly_owned
    FROM pg_catalog.pg_namespace AS n
    CROSS JOIN pg_catalog.pg_proc AS p
    WHERE n.nspname = 'wasla' AND (
        p.pronamespace = n.oid AND p.prorettype = 'pg_catalog.trigger'::pg_catalog.regtype AND p.proname LIKE 'notify\_%'
        OR p.oid IN (
            SELECT t.tgfoid FROM wasla.watched AS w JOIN pg_catalog.pg_trigger AS t ON t.tgrelid = w.relation
            WHERE t.tgname IN ('wasla_insert', 'wasla_update', 'wasla_delete') AND NOT t.tgisinternal))
) AS seen
WHERE NOT (seen.is_in_schema AND seen.is_definer AND seen.is_pinned AND seen.is_rightly_owned)
ORDER BY seen.function
