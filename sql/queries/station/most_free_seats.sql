-- How many seats the emptiest vehicle for $1 has; $2: this very one.
SELECT coalesce(max(available_seats), 0) FROM public.vehicle_queue
WHERE destination_id = $1 AND status IN ('WAITING', 'LOADING') AND ($2::text IS NULL OR id = $2)
