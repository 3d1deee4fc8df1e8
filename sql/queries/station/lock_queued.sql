-- A vehicle in the queue, locked.
SELECT q.id, q.vehicle_id, q.destination_id, q.destination_name, q.status, q.available_seats, q.total_seats, q.base_price,
       v.license_plate
FROM public.vehicle_queue AS q JOIN public.vehicles AS v ON v.id = q.vehicle_id
WHERE q.id = $1
FOR UPDATE OF q
