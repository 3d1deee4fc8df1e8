-- The role that owns the database wasla. Its search_path leaves out "$user", which would put an application's tables
-- into the schema of the same name. The password is set again at each start, so that a lost file heals.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'wasla') THEN
    CREATE ROLE wasla LOGIN;
    ALTER ROLE wasla SET search_path = public;
  END IF;
  EXECUTE format('ALTER ROLE wasla PASSWORD %L', current_setting('wasla.password'));
END
$$;
