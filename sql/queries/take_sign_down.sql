-- The listener wants to be woken from now on.
SELECT pg_advisory_unlock(1463898956, 1)
