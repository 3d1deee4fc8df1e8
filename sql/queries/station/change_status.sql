-- A vehicle's status.
UPDATE public.vehicle_queue SET status = $2 WHERE id = $1
