-- $1: the role that the processes are to connect as; no row where there is none.
SELECT
    r.rolname::text AS name,
    r.rolcanlogin AS logs_in,
    r.rolinherit AS inherits,
    r.rolsuper AS is_superuser,
    coalesce(pg_has_role(r.oid, to_regrole('wasla_owner')::oid, 'MEMBER'), false) AS is_owner,
    coalesce(pg_has_role(r.oid, to_regrole('wasla_listener')::oid, 'USAGE'), false) AS is_listener,
    has_database_privilege(r.oid, current_database(), 'CONNECT') AS may_connect
FROM pg_roles AS r WHERE r.rolname = $1;
