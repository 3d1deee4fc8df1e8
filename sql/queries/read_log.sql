-- The events after seq $1, at most $2 rows and about $3 bytes, at least one if there is one. Columns as of sequence.
SELECT NULL::text AS status, l.seq, l.tx_id::text AS tx_id, l.tx_index, l.tx_size, l.table_name, l.channel, l.event_type, l.row_id,
       l.data::text AS data, l.changed, l.old::text AS old, l.business_event,
       extract(epoch FROM l.captured_at)::double precision AS captured_at,
       extract(epoch FROM l.sequenced_at)::double precision AS sequenced_at, l.origin,
       l.table_name IN (SELECT w.table_name FROM wasla.watched w WHERE w.internal) AS internal
FROM (SELECT e.*, sum(wasla.text_bytes(e.data) + wasla.text_bytes(e.old)) OVER (ORDER BY e.seq) AS bytes_so_far
      FROM (SELECT * FROM wasla.event_log WHERE seq > $1 ORDER BY seq LIMIT $2) e) l
WHERE l.bytes_so_far <= $3 OR l.seq = $1 + 1
ORDER BY l.seq
