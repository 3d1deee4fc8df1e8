-- For whom session_replication_role is replica by default, so that ordinary triggers do not fire for their changes.
-- The server-wide value shows in a session where nothing nearer overrides it: pg_settings.reset_val.
SELECT
    CASE
        WHEN s.setrole = 0 AND s.setdatabase = 0 THEN 'every role'
        WHEN s.setrole = 0 THEN 'every role in ' || d.datname
        WHEN s.setdatabase = 0 THEN 'role ' || r.rolname
        ELSE 'role ' || r.rolname || ' in ' || d.datname
    END AS whose
FROM pg_catalog.pg_db_role_setting AS s
LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = s.setrole
LEFT JOIN pg_catalog.pg_database AS d ON d.oid = s.setdatabase
WHERE s.setdatabase IN (0, (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()))
    AND 'session_replication_role=replica' = ANY (s.setconfig)
UNION ALL
SELECT 'everybody (server configuration)'
FROM pg_catalog.pg_settings
WHERE name = 'session_replication_role'
    AND reset_val = 'replica'
    AND source IN ('configuration file', 'command line', 'environment variable')
ORDER BY whose
