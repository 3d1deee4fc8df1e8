-- Watched tables and partitions whose triggers are missing or disabled.
SELECT table_name, relation::text AS relation, trigger_name, problem FROM wasla.untriggered ORDER BY 1, 2, 3
