-- One change of the schema at a time; given back at the end of the transaction. Key 3 of the class 'WASL'.
SELECT pg_catalog.pg_advisory_xact_lock(1463898956, 3);
