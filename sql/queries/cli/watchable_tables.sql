-- The tables that have no capture yet, as SQL names them; asked before the schema wasla is there, too.
SELECT c.oid::pg_catalog.regclass::text AS "table"
FROM pg_catalog.pg_class AS c
WHERE c.relkind IN ('r', 'p')
    AND c.relpersistence <> 't'
    AND NOT c.relispartition
    AND c.relnamespace::pg_catalog.regnamespace::text NOT IN ('pg_catalog', 'information_schema', 'wasla')
    AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_trigger AS t
        WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgname LIKE 'wasla\_%'
    )
ORDER BY "table"
