-- A booking, locked.
SELECT id, queue_id, seats_booked, total_amount, booking_status, coalesce(refund_amount, 0) AS refund_amount
FROM public.bookings WHERE id = $1
FOR UPDATE
