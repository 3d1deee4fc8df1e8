-- How many rows lose their vehicle when its queue row goes (ON DELETE SET NULL).
SELECT (SELECT count(*) FROM public.bookings WHERE queue_id = $1) + (SELECT count(*) FROM public.exit_passes WHERE queue_id = $1)
