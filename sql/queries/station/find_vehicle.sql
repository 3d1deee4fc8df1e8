-- The first vehicle for $1 that can hold $2 seats, locked; $3: this very one.
SELECT q.id, q.vehicle_id, q.destination_id, q.destination_name, q.status, q.available_seats, q.base_price, v.license_plate
FROM public.vehicle_queue AS q JOIN public.vehicles AS v ON v.id = q.vehicle_id
WHERE q.destination_id = $1 AND q.status IN ('WAITING', 'LOADING') AND q.available_seats >= $2
  AND ($3::text IS NULL OR q.id = $3)
ORDER BY q.queue_position, q.entered_at, q.id
LIMIT 1
FOR UPDATE OF q
