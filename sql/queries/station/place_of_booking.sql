-- The vehicle that a booking is for; not locked, since the vehicle has to be locked first.
SELECT queue_id FROM public.bookings WHERE id = $1
