-- The latest booking of a vehicle that still stands.
SELECT id FROM public.bookings WHERE queue_id = $1 AND booking_status = 'ACTIVE' ORDER BY created_at DESC, id LIMIT 1
