-- The listener is awake: while this session holds the lock, no trigger rings.
SELECT pg_try_advisory_lock(1463898956, 1)
