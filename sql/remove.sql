-- Takes everything away again: triggers, functions, the schema with its log, the roles. The user's tables stay as they are.

-- Where the self-test in public is another administrator's, it stays: that is said, and nothing else is kept for it.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_proc WHERE oid = to_regprocedure('public.test_notifications()')
               AND obj_description(oid, 'pg_proc') LIKE 'Wasla real-time:%' AND pg_has_role(proowner, 'USAGE')) THEN
        DROP FUNCTION public.test_notifications();
    END IF;
END $$;
DROP SCHEMA IF EXISTS wasla CASCADE;

-- A role goes where an install made it; one that another database uses, or that is not ours to drop, stays.
DO $$
DECLARE
    name text;
BEGIN
    FOR name IN SELECT rolname FROM pg_roles WHERE rolname IN ('wasla_owner', 'wasla_capture', 'wasla_listener')
                AND shobj_description(oid, 'pg_authid') LIKE 'Wasla real-time:%'
    LOOP
        BEGIN
            EXECUTE format('DROP ROLE %I', name);
        EXCEPTION WHEN dependent_objects_still_exist OR insufficient_privilege THEN
            NULL;
        END;
    END LOOP;
END $$;
