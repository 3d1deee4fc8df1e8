-- How far the probe's change with the nonce $2 came: noted by the trigger, and numbered (with a seq after $1).
SELECT
    EXISTS (
        SELECT FROM wasla.outbox WHERE arguments[0] = 'wasla.probe' AND new_row ->> 'nonce' = $2
    ) AS waits,
    EXISTS (
        SELECT FROM wasla.event_log WHERE seq > $1 AND table_name = 'wasla.probe' AND data ->> 'nonce' = $2
    ) AS is_sequenced
