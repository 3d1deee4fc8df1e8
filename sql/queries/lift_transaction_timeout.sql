-- A role's or database's transaction_timeout is not meant for a session that is to last. Up to version 16 there is none.
SELECT set_config(name, '0', false) FROM pg_catalog.pg_settings WHERE name = 'transaction_timeout'
