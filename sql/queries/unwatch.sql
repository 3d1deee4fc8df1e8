-- $1 table, named as in SQL, or as on its events when it was dropped; true when it was watched.
SELECT CASE WHEN to_regclass($1::text) IS NULL THEN wasla.forget($1) ELSE wasla.unwatch(to_regclass($1)) END
