-- Where the log stands: its epoch, its top, and the oldest seq it still holds (top + 1 when it holds none).
SELECT p.epoch, p.seq, coalesce((SELECT min(l.seq) FROM wasla.event_log l), p.seq + 1) AS oldest_seq, pg_is_in_recovery() AS in_recovery
FROM wasla.position p
