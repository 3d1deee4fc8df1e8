-- The vehicle of a plate, made known when it comes for the first time; locked, so that it enters a queue once.
INSERT INTO public.vehicles AS v (license_plate) VALUES ($1)
ON CONFLICT (license_plate) DO UPDATE SET license_plate = excluded.license_plate
RETURNING v.id, v.capacity
