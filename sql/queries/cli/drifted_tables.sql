-- Watched tables that were altered since: their events still carry the former name, or ids made of the former key.
SELECT
    w.table_name AS "table",
    w.relation::text AS relation,
    w.channel,
    w.capture,
    wasla.event_table_name(w.relation) AS name_now,
    wasla.key_columns(w.relation) AS key_now,
    w.key_columns
FROM wasla.watched AS w
WHERE EXISTS (SELECT FROM pg_catalog.pg_class AS c WHERE c.oid = w.relation)
    AND (w.table_name IS DISTINCT FROM wasla.event_table_name(w.relation)
        OR w.key_columns IS DISTINCT FROM wasla.key_columns(w.relation))
ORDER BY w.table_name
