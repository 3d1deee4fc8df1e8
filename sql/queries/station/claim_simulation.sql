-- One simulation at a time in a database; held until the session ends. Class: 'WASL' in ASCII; 16: the simulation.
SELECT pg_try_advisory_lock(1463898956, 16)
