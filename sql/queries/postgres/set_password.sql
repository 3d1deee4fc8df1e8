-- Kept in the session for make_role.sql: a DO block takes no parameters. $1: the password of the role wasla.
SELECT set_config('wasla.password', $1, false);
