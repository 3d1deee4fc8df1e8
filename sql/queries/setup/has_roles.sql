-- Whether the schema is one with least rights: then every later install keeps it so.
SELECT EXISTS (
    SELECT FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_roles r ON r.oid = n.nspowner
    WHERE n.nspname = 'wasla' AND r.rolname = 'wasla_owner');
