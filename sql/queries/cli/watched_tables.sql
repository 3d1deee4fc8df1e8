-- The watched tables and what keeps their changes from being captured. A partition without any of the triggers was
-- attached after the table was watched; where some are missing or disabled somebody took them.
WITH ailing AS (
    SELECT
        u.table_name,
        u.relation = w.relation AS is_root,
        u.relation::text AS relation,
        u.problem,
        CASE WHEN u.relation = w.relation THEN '' ELSE u.relation::text || '.' END || u.trigger_name AS trigger_name,
        count(*) FILTER (WHERE u.problem = 'missing') OVER (PARTITION BY u.relation) = 5 AS has_none
    FROM wasla.untriggered AS u
    JOIN wasla.watched AS w USING (table_name)
)
SELECT
    w.table_name AS "table",
    w.channel,
    w.capture,
    EXISTS (SELECT FROM pg_catalog.pg_class AS c WHERE c.oid = w.relation) AS "exists",
    ARRAY(
        SELECT a.trigger_name FROM ailing AS a
        WHERE a.table_name = w.table_name AND a.problem = 'missing' AND (a.is_root OR NOT a.has_none)
        ORDER BY a.trigger_name
    ) AS missing_triggers,
    ARRAY(
        SELECT a.trigger_name FROM ailing AS a
        WHERE a.table_name = w.table_name AND a.problem = 'disabled'
        ORDER BY a.trigger_name
    ) AS disabled_triggers,
    ARRAY(
        SELECT DISTINCT a.relation FROM ailing AS a
        WHERE a.table_name = w.table_name AND a.has_none AND NOT a.is_root
        ORDER BY a.relation
    ) AS unwatched_partitions
FROM wasla.watched AS w
WHERE NOT w.internal
ORDER BY w.table_name
