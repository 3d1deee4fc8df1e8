-- What is revoked; revoked_at in Unix seconds. A token's end is followed by a leeway of up to 300 s, and clocks differ.
SELECT kind, value, extract(epoch FROM revoked_at)::float8 AS revoked_at
FROM wasla.revocation WHERE until IS NULL OR until >= now() - interval '10 minutes' ORDER BY kind, value
