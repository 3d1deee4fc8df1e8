-- Are the station's demo tables here, and is the queue watched?
SELECT count(*) = 7 FROM unnest(ARRAY['routes', 'staff', 'vehicles', 'vehicle_queue', 'bookings', 'day_passes', 'exit_passes']) AS t(name)
WHERE to_regclass('public.' || t.name) IS NOT NULL
  AND (t.name <> 'vehicle_queue' OR to_regclass('wasla.watched') IS NOT NULL)
