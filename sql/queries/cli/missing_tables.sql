-- Tables of the schema that somebody dropped: the scripts that make them ran. An older schema lacks none.
SELECT expected.name
FROM (VALUES
    ('outbox', '001_tables'),
    ('event_log', '001_tables'),
    ('position', '001_tables'),
    ('backlog', '001_tables'),
    ('capture_failure', '001_tables'),
    ('watched', '001_tables'),
    ('probe', '001_tables'),
    ('revocation', '002_revocations')
) AS expected (name, script)
WHERE EXISTS (SELECT FROM wasla.migration m WHERE m.name = expected.script)
    AND pg_catalog.to_regclass('wasla.' || expected.name) IS NULL
