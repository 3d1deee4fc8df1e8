-- What each role may do; given anew at each install, so that nothing given by hand stays. The capture's functions are its own.

REVOKE ALL ON ALL TABLES IN SCHEMA wasla FROM wasla_capture, wasla_listener;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA wasla FROM wasla_capture, wasla_listener;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA wasla FROM wasla_listener;
REVOKE ALL ON SCHEMA wasla FROM wasla_capture, wasla_listener;

-- The capture triggers, inside a writer's transaction.
GRANT USAGE ON SCHEMA wasla TO wasla_capture;
GRANT INSERT ON wasla.outbox, wasla.capture_failure TO wasla_capture;

-- The pg-listener: numbers, keeps and reads the log by the owner's functions, and may have a new epoch begin.
GRANT USAGE ON SCHEMA wasla TO wasla_listener;
GRANT EXECUTE ON FUNCTION wasla.sequence TO wasla_listener;
GRANT EXECUTE ON FUNCTION wasla.maintain_log, wasla.text_bytes TO wasla_listener;
GRANT SELECT ON wasla.event_log, wasla.position, wasla.watched, wasla.catalog, wasla.revocation TO wasla_listener;
GRANT UPDATE (epoch) ON wasla.position TO wasla_listener;

-- The monitor: touches its probe and looks how far that came.
GRANT SELECT, INSERT (machine, nonce), UPDATE (nonce, touched_at) ON wasla.probe TO wasla_listener;
GRANT SELECT (arguments, new_row) ON wasla.outbox TO wasla_listener;

-- The command line: looks, tests, and takes tokens back.
GRANT SELECT ON wasla.migration, wasla.untriggered TO wasla_listener;
GRANT EXECUTE ON FUNCTION wasla.event_table_name, wasla.key_columns TO wasla_listener;
GRANT EXECUTE ON FUNCTION wasla.test_notifications TO wasla_listener;
GRANT EXECUTE ON FUNCTION wasla.revoke, wasla.unrevoke TO wasla_listener;
