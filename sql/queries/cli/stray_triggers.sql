-- Tables with capture triggers that are neither watched nor part of one that is, such as a partition that was detached.
SELECT t.tgrelid::pg_catalog.regclass::text AS relation
FROM pg_catalog.pg_trigger AS t
JOIN pg_catalog.pg_proc AS p ON p.oid = t.tgfoid
WHERE t.tgname LIKE 'wasla\_%'
    AND NOT t.tgisinternal
    AND p.pronamespace = 'wasla'::pg_catalog.regnamespace
    AND t.tgrelid NOT IN (
        SELECT w.relation FROM wasla.watched AS w
        UNION ALL
        SELECT part.relid FROM wasla.watched AS w CROSS JOIN LATERAL pg_catalog.pg_partition_tree(w.relation) AS part
        WHERE part.relid IS NOT NULL
    )
GROUP BY t.tgrelid
ORDER BY relation
