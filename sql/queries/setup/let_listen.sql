-- The role named in wasla.login may do what the processes need.
DO $$
DECLARE
    login constant text := current_setting('wasla.login');
BEGIN
    -- An administrator may have granted it where we may not.
    IF NOT pg_has_role(login, 'wasla_listener', 'USAGE') THEN
        EXECUTE format('GRANT wasla_listener TO %I', login);
    END IF;
END $$;
