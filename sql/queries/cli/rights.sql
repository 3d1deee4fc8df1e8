-- Whether the schema belongs to its own role, and whether this one may act as it.
SELECT
    r.rolname = 'wasla_owner' AS has_least_rights,
    pg_catalog.pg_has_role(r.oid, 'MEMBER') AS may_act_as_owner
FROM pg_catalog.pg_namespace AS n
JOIN pg_catalog.pg_roles AS r ON r.oid = n.nspowner
WHERE n.nspname = 'wasla'
