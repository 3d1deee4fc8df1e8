-- $1 this machine's name, $2 a nonce that comes back in the event's data.
INSERT INTO wasla.probe (machine, nonce) VALUES ($1, $2)
ON CONFLICT (machine) DO UPDATE SET nonce = excluded.nonce, touched_at = clock_timestamp()
