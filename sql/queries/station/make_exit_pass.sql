-- The exit pass of vehicle $1, $2 (plate $3) for $4, named $5, at $6 (null: now).
INSERT INTO public.exit_passes (queue_id, vehicle_id, license_plate, destination_id, destination_name, current_exit_time)
VALUES ($1, $2, $3, $4, $5, coalesce($6::timestamp, localtimestamp))
RETURNING id
