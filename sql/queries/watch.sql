-- $1 table, $2 channel or null, $3 capture function.
SELECT wasla.watch($1::text::regclass, $2, $3)
