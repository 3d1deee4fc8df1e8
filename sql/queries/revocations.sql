-- What is revoked; revoked_at in Unix seconds.
SELECT kind, value, extract(epoch FROM revoked_at)::float8 AS revoked_at
FROM wasla.revocation WHERE until IS NULL OR until >= now() ORDER BY kind, value
