-- The day's date by the database's clock.
SELECT localtimestamp::date
