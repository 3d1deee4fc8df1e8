-- The whole booking is given back, for reason $2, against $3 more, at $4 (null: now).
UPDATE public.bookings
SET booking_status = 'CANCELLED', payment_status = 'CANCELLED', cancellation_reason = $2,
    refund_amount = coalesce(refund_amount, 0) + $3, cancelled_at = at.now, updated_at = at.now
FROM (SELECT coalesce($4::timestamp, localtimestamp) AS now) AS at
WHERE id = $1
