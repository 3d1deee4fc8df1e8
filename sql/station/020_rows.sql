-- Something to begin with: the routes, three members of staff, and a short queue. Only tables without a row are filled.

INSERT INTO public.routes (id, station_id, station_name, base_price)
SELECT 'route-' || station_id, station_id, station_name, base_price
FROM (VALUES
    ('station-jemmal', 'JEMMAL', 1.750),
    ('station-moknin', 'MOKNIN', 2.000),
    ('station-ksar-hellal', 'KSAR HELLAL', 1.950),
    ('station-teboulba', 'TEBOULBA', 2.150),
    ('station-sahline', 'SAHLINE', 2.400)
) AS route (station_id, station_name, base_price)
WHERE NOT EXISTS (SELECT FROM public.routes);

INSERT INTO public.staff (id, cin, first_name, last_name, role)
SELECT id, cin, first_name, last_name, role
FROM (VALUES
    ('staff-amel', '10000001', 'Amel', 'Trabelsi', 'ADMIN'),
    ('staff-sami', '10000002', 'Sami', 'Jaziri', 'SUPERVISOR'),
    ('staff-nour', '10000003', 'Nour', 'Hamdi', 'WORKER')
) AS member (id, cin, first_name, last_name, role)
WHERE NOT EXISTS (SELECT FROM public.staff);

INSERT INTO public.vehicles (id, license_plate)
SELECT id, license_plate
FROM (VALUES
    ('vehicle-1', '123 TUN 4567'),
    ('vehicle-2', '145 TUN 2210'),
    ('vehicle-3', '187 TUN 903'),
    ('vehicle-4', '201 TUN 7718'),
    ('vehicle-5', '212 TUN 3045')
) AS vehicle (id, license_plate)
WHERE NOT EXISTS (SELECT FROM public.vehicles);

INSERT INTO public.vehicle_queue (id, vehicle_id, destination_id, destination_name, queue_position, base_price)
SELECT id, vehicle_id, destination_id, destination_name, queue_position, base_price
FROM (VALUES
    ('queue-1', 'vehicle-1', 'station-jemmal', 'JEMMAL', 1, 1.750),
    ('queue-2', 'vehicle-2', 'station-jemmal', 'JEMMAL', 2, 1.750),
    ('queue-3', 'vehicle-3', 'station-moknin', 'MOKNIN', 1, 2.000)
) AS waiting (id, vehicle_id, destination_id, destination_name, queue_position, base_price)
WHERE NOT EXISTS (SELECT FROM public.vehicle_queue)
  AND (SELECT count(*) FROM public.vehicles WHERE vehicles.id IN ('vehicle-1', 'vehicle-2', 'vehicle-3')) = 3;

INSERT INTO public.day_passes (id, vehicle_id, license_plate)
SELECT 'day-pass-' || vehicle.id, vehicle.id, vehicle.license_plate
FROM public.vehicles AS vehicle
WHERE vehicle.id IN ('vehicle-1', 'vehicle-2', 'vehicle-3') AND NOT EXISTS (SELECT FROM public.day_passes);
