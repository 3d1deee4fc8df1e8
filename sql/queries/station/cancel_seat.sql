-- One seat of a booking is given back against $2, at $3 (null: now).
UPDATE public.bookings
SET seats_booked = seats_booked - 1, refund_amount = coalesce(refund_amount, 0) + $2,
    updated_at = coalesce($3::timestamp, localtimestamp)
WHERE id = $1
