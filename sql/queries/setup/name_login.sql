-- Kept until the transaction ends for let_listen.sql: neither GRANT nor a DO block takes parameters. $1: the role's name.
SELECT pg_catalog.set_config('wasla.login', $1, true);
