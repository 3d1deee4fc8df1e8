-- Whether the session with this process id is at work on a statement.
SELECT EXISTS (SELECT FROM pg_catalog.pg_stat_activity WHERE pid = $1 AND state = 'active')
