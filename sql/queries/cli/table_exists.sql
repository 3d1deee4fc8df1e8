-- Whether a table goes by this name, written as in SQL.
SELECT pg_catalog.to_regclass($1) IS NOT NULL
