-- What is revoked, for people.
SELECT kind, value, to_char(revoked_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS revoked_at
FROM wasla.revocation WHERE until IS NULL OR until >= now() ORDER BY revocation.revoked_at, kind, value
