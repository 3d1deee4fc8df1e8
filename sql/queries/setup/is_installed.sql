-- Whether this program's record of what ran is there.
SELECT pg_catalog.to_regclass('wasla.migration') IS NOT NULL;
