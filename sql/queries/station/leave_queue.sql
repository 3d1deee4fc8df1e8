-- The departure: the queue row goes.
DELETE FROM public.vehicle_queue WHERE id = $1
