-- A booking of $4 seats in vehicle $1 (plate $3) for $2, paid $5, at $6 (null: now).
INSERT INTO public.bookings (queue_id, destination_id, vehicle_license_plate, seats_booked, total_amount, created_at, updated_at)
SELECT $1, $2, $3, $4, $5, at.now, at.now FROM (SELECT coalesce($6::timestamp, localtimestamp) AS now) AS at
RETURNING id, verification_code
