-- Everybody in a vehicle that is taken out gets the rest of their money back, for reason $2; returns what each got.
WITH standing AS (
    SELECT id, total_amount - coalesce(refund_amount, 0) AS rest FROM public.bookings
    WHERE queue_id = $1 AND booking_status = 'ACTIVE' FOR UPDATE)
UPDATE public.bookings AS b
SET booking_status = 'REFUNDED', payment_status = 'CANCELLED', cancellation_reason = $2, refund_amount = b.total_amount,
    cancelled_at = localtimestamp, updated_at = localtimestamp
FROM standing AS s WHERE b.id = s.id
RETURNING s.rest AS refunded
