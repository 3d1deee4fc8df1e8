-- What decides whether the schema can be installed here; one row. Our own self-test in public is known by its comment.
SELECT
    current_setting('server_version_num')::int AS server_version,
    pg_is_in_recovery() AS in_recovery,
    current_setting('transaction_read_only')::boolean AS read_only,
    current_user::text AS role,
    current_database()::text AS database,
    (SELECT pg_encoding_to_char(encoding)::text FROM pg_database WHERE datname = current_database()) AS encoding,
    has_database_privilege(current_database(), 'CREATE') AS may_create_schema,
    public.oid IS NOT NULL AS public_exists,
    coalesce(has_schema_privilege(public.oid, 'CREATE'), false) AS may_create_in_public,
    wasla.oid IS NOT NULL AS schema_exists,
    EXISTS (SELECT FROM pg_class WHERE relnamespace = wasla.oid AND relname = 'migration') AS schema_is_ours,
    pg_get_userbyid(wasla.nspowner)::text AS schema_owner,
    coalesce(pg_has_role(wasla.nspowner, 'USAGE'), false) AS owns_schema,
    coalesce(obj_description(to_regprocedure('public.test_notifications()'), 'pg_proc') NOT LIKE 'Wasla real-time:%',
             to_regprocedure('public.test_notifications()') IS NOT NULL) AS has_foreign_self_test
FROM (VALUES (true)) AS always (holds)
LEFT JOIN pg_namespace AS public ON public.nspname = 'public'
LEFT JOIN pg_namespace AS wasla ON wasla.nspname = 'wasla';
