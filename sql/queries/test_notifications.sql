-- Emits a TEST event on the channel of every watched table.
SELECT channel, table_name, event_type, id FROM wasla.test_notifications()
