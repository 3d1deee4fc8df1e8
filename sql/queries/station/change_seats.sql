-- $2 more free seats in a vehicle, fewer when negative; returns how many are free now.
UPDATE public.vehicle_queue SET available_seats = available_seats + $2 WHERE id = $1 RETURNING available_seats
