-- $1 the age and $2 the number of events that the log keeps at least.
SELECT made_until, dropped, deferred FROM wasla.maintain_log($1, $2)
