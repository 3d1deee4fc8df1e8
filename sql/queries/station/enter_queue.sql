-- Vehicle $1 with $2 seats enters the queue for $3, named $4, at price $5, at $6 (null: now); returns the row.
INSERT INTO public.vehicle_queue (
    vehicle_id, total_seats, available_seats, destination_id, destination_name, base_price, entered_at, queue_position)
SELECT $1, $2, $2, $3, $4, $5, coalesce($6::timestamp, localtimestamp),
       coalesce((SELECT max(q.queue_position) FROM public.vehicle_queue AS q WHERE q.destination_id = $3), 0) + 1
RETURNING id
