-- Those of our roles that are there.
SELECT rolname::text AS name FROM pg_catalog.pg_roles
WHERE rolname IN ('wasla_owner', 'wasla_capture', 'wasla_listener') ORDER BY rolname;
