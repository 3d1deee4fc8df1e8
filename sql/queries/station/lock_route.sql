-- The route to a destination; locked, so that vehicles enter its queue one after the other.
SELECT station_id, station_name, base_price FROM public.routes WHERE station_id = $1 AND is_active FOR UPDATE
