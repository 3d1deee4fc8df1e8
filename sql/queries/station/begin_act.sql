-- The transaction's events carry $1 as their origin; returns its number, which they carry, too.
SELECT set_config('application_name', $1, true), pg_current_xact_id()::text AS tx_id
