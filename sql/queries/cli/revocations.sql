-- What is revoked, for people: the same as what gateways are told.
SELECT kind, value, to_char(revoked_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS revoked_at
FROM wasla.revocation WHERE until IS NULL OR until >= now() - interval '10 minutes' ORDER BY revocation.revoked_at, kind, value
