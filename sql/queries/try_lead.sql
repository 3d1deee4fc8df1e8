-- Takes the leadership lock on this session, if nobody holds it. Released when the session ends.
SELECT pg_try_advisory_lock(1463898956, 2)
