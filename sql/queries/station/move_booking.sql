-- A booking goes over to vehicle $2 (plate $3).
UPDATE public.bookings SET queue_id = $2, vehicle_license_plate = $3, updated_at = localtimestamp WHERE id = $1
