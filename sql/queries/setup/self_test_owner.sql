-- The owner of our self-test in public, where that is there; as SQL writes the name.
SELECT quote_ident(pg_get_userbyid(proowner)) FROM pg_catalog.pg_proc
WHERE oid = to_regprocedure('public.test_notifications()') AND obj_description(oid, 'pg_proc') LIKE 'Wasla real-time:%'
