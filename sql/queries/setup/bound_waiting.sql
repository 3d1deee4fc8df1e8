-- Bound the waiting for each lock ($1: milliseconds) until the transaction ends; a shorter bound stays.
SELECT pg_catalog.set_config('lock_timeout', CASE WHEN setting::int BETWEEN 1 AND $1::text::int THEN setting ELSE $1 END, true)
FROM pg_catalog.pg_settings WHERE name = 'lock_timeout';
