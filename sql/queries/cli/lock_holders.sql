-- Who holds the product's advisory locks without being a pg-listener: object 1 is the doorbell's sign, 2 the leadership.
-- Writers share the first for an instant inside a statement, so that only counts in a session that is not at work.
SELECT
    l.pid,
    l.objid::integer AS object,
    coalesce(a.usename::text, '') AS "user",
    coalesce(a.application_name, '') AS application
FROM pg_catalog.pg_locks AS l
JOIN pg_catalog.pg_stat_activity AS a USING (pid)
WHERE l.locktype = 'advisory'
    AND l.granted
    AND l.classid = 1463898956
    AND l.objid IN (1, 2)
    AND l.objsubid = 2
    AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
    AND a.application_name <> 'wasla pg-listener'
    AND (l.mode = 'ExclusiveLock' OR l.objid = 2 OR a.state <> 'active')
ORDER BY l.objid, l.pid
