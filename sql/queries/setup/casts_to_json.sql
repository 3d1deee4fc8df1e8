-- $1 a watched table, null for all of them: columns that become JSON by a cast whose function belongs to somebody who is
-- neither a superuser nor a member of the schema's owner. What is inside of arrays, domains and rows counts.
WITH RECURSIVE met (relation, column_name, type) AS (
    SELECT a.attrelid, a.attname, a.atttypid
    FROM wasla.watched AS w
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = w.relation AND a.attnum > 0 AND NOT a.attisdropped
    WHERE $1::text IS NULL OR w.relation = $1::text::pg_catalog.regclass
    UNION
    SELECT m.relation, m.column_name, inside.type
    FROM met AS m
    JOIN pg_catalog.pg_type AS t ON t.oid = m.type
    CROSS JOIN LATERAL (
        SELECT t.typbasetype WHERE t.typtype = 'd'
        UNION ALL
        SELECT t.typelem WHERE t.typelem <> 0
        UNION ALL
        SELECT a.atttypid FROM pg_catalog.pg_attribute AS a
        WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
    ) AS inside (type)
)
SELECT
    w.table_name AS "table",
    m.column_name::text AS "column",
    m.type::pg_catalog.regtype::text AS type,
    p.oid::pg_catalog.regprocedure::text AS function,
    pg_catalog.pg_get_userbyid(p.proowner)::text AS owner
FROM met AS m
JOIN wasla.watched AS w ON w.relation = m.relation
JOIN pg_catalog.pg_cast AS c
    ON c.castsource = m.type AND c.casttarget = 'pg_catalog.json'::pg_catalog.regtype AND c.castmethod = 'f'
JOIN pg_catalog.pg_proc AS p ON p.oid = c.castfunc
JOIN pg_catalog.pg_namespace AS n ON n.nspname = 'wasla'
WHERE NOT pg_catalog.pg_has_role(p.proowner, n.nspowner, 'MEMBER')
ORDER BY 1, 2, 3
