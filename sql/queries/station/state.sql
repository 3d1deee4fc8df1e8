-- What a screen shows, and the snapshot it was read through: one statement, hence one snapshot. An event belongs to it
-- when its transaction (tx.id) is visible in the snapshot, whatever its seq: what is committed may not be numbered yet.
SELECT jsonb_build_object(
    'epoch', (SELECT epoch FROM wasla.position),
    'seq', (SELECT seq FROM wasla.position),
    'snapshot', pg_current_snapshot()::text,
    'routes', (SELECT coalesce(jsonb_agg(r ORDER BY r.base_price, r.station_id), '[]') FROM (
        SELECT station_id, station_name, base_price FROM public.routes WHERE is_active) AS r),
    'vehicles', (SELECT coalesce(jsonb_object_agg(v.id, v.license_plate), '{}') FROM public.vehicles AS v),
    'queue', (SELECT coalesce(jsonb_agg(q), '[]') FROM public.vehicle_queue AS q),
    'bookings', (SELECT coalesce(jsonb_agg(b ORDER BY b.created_at, b.id), '[]') FROM (
        SELECT id, queue_id, destination_id, vehicle_license_plate, seats_booked, total_amount, refund_amount, booking_status,
               payment_status, created_at
        FROM public.bookings WHERE queue_id IN (SELECT id FROM public.vehicle_queue)) AS b),
    'exit_passes', (SELECT coalesce(jsonb_agg(p), '[]') FROM (
        SELECT id, queue_id, license_plate, current_exit_time FROM public.exit_passes WHERE queue_id IS NOT NULL) AS p),
    'today', (SELECT jsonb_build_object(
        'seats', coalesce(sum(b.seats_booked), 0), 'takings', coalesce(sum(b.total_amount - coalesce(b.refund_amount, 0)), 0),
        'departures', (SELECT count(*) FROM public.exit_passes WHERE created_at >= localtimestamp::date AND queue_id IS NULL))
        FROM public.bookings AS b WHERE b.booking_status IN ('ACTIVE', 'COMPLETED') AND b.created_at >= localtimestamp::date)
)::text
