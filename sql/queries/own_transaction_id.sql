-- A transaction id of its own: larger than that of every transaction that has written anything before this statement.
-- The xmax of a snapshot would not do: it only follows the latest transaction that has *ended*.
SELECT pg_current_xact_id()::text::bigint
