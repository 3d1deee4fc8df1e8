-- $1 rows and $2 bytes at most; $3 look at the whole outbox; $4 tables whose failed capture came by the doorbell; $5 larger
-- rows go without their data; $6 put a mark of its table in the place of the first row.
-- The events in order, then one row whose status is JSON: epoch, seq, has_more, xmin, xmax, outbox_missing, notifications_skipped.
SELECT * FROM wasla.sequence($1, $2, $3, $4, $5, $6)
