-- Bound the waiting for each lock ($1: milliseconds) until the transaction ends.
SELECT pg_catalog.set_config('lock_timeout', $1, true);
