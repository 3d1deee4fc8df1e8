-- Ends the present epoch if it is $1 and its log ends before seq $2, which is known to have been given (null: whatever
-- it ends at): the log was set back, and the next drain begins another. Returns a row where it was so. It waits for a
-- drain that is under way.
UPDATE wasla.position SET epoch = NULL WHERE epoch = $1 AND ($2::bigint IS NULL OR seq < $2) RETURNING seq
