-- Whether the schema is there, and its newest version. Works on a database without it.
SELECT to_regclass('wasla.migration') IS NOT NULL AS installed,
       to_regclass('wasla.outbox') IS NOT NULL AS has_outbox,
       current_setting('server_version_num')::integer AS server_version,
       current_setting('max_prepared_transactions')::integer AS max_prepared_transactions,
       pg_is_in_recovery() AS in_recovery
