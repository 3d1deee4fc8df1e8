-- Takes everything away again: triggers, functions, the schema with its log, the roles. The user's tables stay as they are.

DO $$
BEGIN
    IF obj_description(to_regprocedure('public.test_notifications()'), 'pg_proc') LIKE 'Wasla real-time:%' THEN
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
