-- Every vehicle in the queue, in order.
SELECT q.id, v.license_plate, q.status, q.available_seats, q.total_seats
FROM public.vehicle_queue AS q LEFT JOIN public.vehicles AS v ON v.id = q.vehicle_id
ORDER BY q.destination_id, q.queue_position, q.entered_at, q.id
