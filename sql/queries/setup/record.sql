-- $1 a file ran with a text of checksum $2.
INSERT INTO wasla.migration (name, checksum) VALUES ($1, $2)
ON CONFLICT (name) DO UPDATE SET checksum = excluded.checksum, applied_at = excluded.applied_at;
