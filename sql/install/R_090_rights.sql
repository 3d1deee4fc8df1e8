-- Who may do what: nobody but the owner, except that everybody may run the self-test (R_010 grants that where it makes it).

-- A listener at work makes and drops partitions of the log: not while their rights are changed, or one of both fails
-- ("tuple concurrently updated").
LOCK TABLE ONLY wasla.event_log IN SHARE UPDATE EXCLUSIVE MODE;
REVOKE ALL ON ALL TABLES IN SCHEMA wasla FROM PUBLIC;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA wasla FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA wasla FROM PUBLIC;

SELECT wasla.watch('wasla.probe', 'wasla_probe', 'notify_probe', true);
