-- What the server is and what this role may do in it. The clock is read last, close to the answer.
SELECT
    current_setting('server_version_num')::integer AS version,
    current_user::text AS "user",
    (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) AS is_superuser,
    (SELECT pg_catalog.pg_encoding_to_char(encoding)::text FROM pg_catalog.pg_database
     WHERE datname = pg_catalog.current_database()) AS encoding,
    pg_catalog.pg_is_in_recovery() AS in_recovery,
    pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') AS may_create_schema,
    current_setting('max_prepared_transactions')::integer AS max_prepared_transactions,
    pg_catalog.pg_notification_queue_usage() AS notification_queue_usage,
    extract(epoch FROM pg_catalog.clock_timestamp())::double precision AS unix_time
