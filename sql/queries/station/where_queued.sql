-- The destination that a vehicle waits for, if it does.
SELECT destination_name FROM public.vehicle_queue WHERE vehicle_id = $1
