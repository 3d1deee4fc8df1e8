-- Tables of the schema that somebody dropped.
SELECT expected.name
FROM pg_catalog.unnest(
    ARRAY['outbox', 'event_log', 'position', 'backlog', 'capture_failure', 'watched', 'probe']
) AS expected (name)
WHERE pg_catalog.to_regclass('wasla.' || expected.name) IS NULL
