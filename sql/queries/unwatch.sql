-- $1 table, as on its events when it was dropped, else named as in SQL; true when it was watched. What is on events need
-- not be a name in SQL, and up to version 15 to_regclass refuses that.
SELECT CASE WHEN wasla.forget($1) THEN true WHEN to_regclass($1) IS NOT NULL THEN wasla.unwatch(to_regclass($1)) ELSE false END
