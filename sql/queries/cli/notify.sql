-- Says something on a channel that only the doctor's other session listens to.
SELECT pg_catalog.pg_notify($1, '')
