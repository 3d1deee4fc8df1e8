-- Takes everything away again: triggers, functions, the schema with its log. The user's tables stay as they are.

DO $$
BEGIN
    IF obj_description(to_regprocedure('public.test_notifications()'), 'pg_proc') LIKE 'Wasla real-time:%' THEN
        DROP FUNCTION public.test_notifications();
    END IF;
END $$;
DROP SCHEMA IF EXISTS wasla CASCADE;
