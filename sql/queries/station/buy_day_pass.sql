-- A day pass for vehicle $1 with plate $2 at $3 (null: now), unless it has one for that day.
INSERT INTO public.day_passes (vehicle_id, license_plate, purchase_date, valid_from, valid_until)
SELECT $1, $2, day.now, day.now::date, day.now::date + 1
FROM (SELECT coalesce($3::timestamp, localtimestamp) AS now) AS day
WHERE NOT EXISTS (
    SELECT FROM public.day_passes AS p
    WHERE p.vehicle_id = $1 AND p.is_active AND NOT p.is_expired AND day.now >= p.valid_from AND day.now < p.valid_until)
RETURNING id
