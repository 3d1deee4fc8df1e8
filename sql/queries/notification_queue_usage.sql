-- How full the queue of all NOTIFYs is, from 0 to 1.
SELECT pg_notification_queue_usage()
