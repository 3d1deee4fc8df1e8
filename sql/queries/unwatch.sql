-- $1 table; true when it was watched.
SELECT wasla.unwatch($1::text::regclass)
