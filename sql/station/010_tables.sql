-- Demo tables of a louage station: eight-seat minibuses queue by destination, passengers book seats at the counter.
--
-- Keys are text, made by the application (or by default here), timestamps have no time zone, and every column of a
-- booking has a default. Tables that are there already stay as they are.

CREATE TABLE IF NOT EXISTS public.staff (
    id          text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    cin         text NOT NULL UNIQUE,
    first_name  text NOT NULL DEFAULT '',
    last_name   text NOT NULL DEFAULT '',
    role        text NOT NULL DEFAULT 'WORKER' CHECK (role IN ('WORKER', 'SUPERVISOR', 'ADMIN')),
    is_active   boolean NOT NULL DEFAULT true,
    created_at  timestamp NOT NULL DEFAULT localtimestamp
);

CREATE TABLE IF NOT EXISTS public.routes (
    id           text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    station_id   text NOT NULL UNIQUE,
    station_name text NOT NULL,
    base_price   numeric(10, 3) NOT NULL,
    is_active    boolean NOT NULL DEFAULT true,
    created_at   timestamp NOT NULL DEFAULT localtimestamp
);

CREATE TABLE IF NOT EXISTS public.vehicles (
    id            text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    license_plate text NOT NULL UNIQUE,
    capacity      integer NOT NULL DEFAULT 8,
    is_active     boolean NOT NULL DEFAULT true,
    created_at    timestamp NOT NULL DEFAULT localtimestamp
);

CREATE TABLE IF NOT EXISTS public.vehicle_queue (
    id               text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    vehicle_id       text REFERENCES public.vehicles,
    destination_id   text NOT NULL,
    destination_name text NOT NULL DEFAULT '',
    "queueType"      text NOT NULL DEFAULT 'REGULAR',
    queue_position   integer NOT NULL DEFAULT 1,
    status           text NOT NULL DEFAULT 'WAITING' CHECK (status IN ('WAITING', 'LOADING', 'READY', 'DEPARTED')),
    entered_at       timestamp NOT NULL DEFAULT localtimestamp,
    available_seats  integer NOT NULL DEFAULT 8,
    total_seats      integer NOT NULL DEFAULT 8,
    base_price       numeric(10, 3) NOT NULL DEFAULT 2.000
);

CREATE TABLE IF NOT EXISTS public.bookings (
    id                    text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    queue_id              text REFERENCES public.vehicle_queue ON DELETE SET NULL,
    destination_id        text,
    vehicle_license_plate text,
    seats_booked          integer NOT NULL DEFAULT 1,
    total_amount          numeric(10, 3) NOT NULL DEFAULT 0,
    booking_source        text NOT NULL DEFAULT 'CASH_STATION',
    booking_status        text NOT NULL DEFAULT 'ACTIVE'
        CHECK (booking_status IN ('ACTIVE', 'CANCELLED', 'COMPLETED', 'REFUNDED')),
    payment_status        text NOT NULL DEFAULT 'PAID' CHECK (payment_status IN ('PAID', 'CANCELLED')),
    payment_method        text NOT NULL DEFAULT 'CASH',
    verification_code     text NOT NULL UNIQUE
        DEFAULT upper(right(replace(gen_random_uuid()::text, '-', ''), 16)),
    cancelled_at          timestamp,
    cancelled_by          text REFERENCES public.staff,
    cancellation_reason   text,
    refund_amount         numeric(10, 3),
    created_by            text REFERENCES public.staff,
    created_at            timestamp NOT NULL DEFAULT localtimestamp,
    updated_at            timestamp NOT NULL DEFAULT localtimestamp
);
CREATE INDEX IF NOT EXISTS bookings_queue_id_idx ON public.bookings (queue_id);

CREATE TABLE IF NOT EXISTS public.day_passes (
    id            text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    vehicle_id    text REFERENCES public.vehicles,
    license_plate text NOT NULL,
    price         numeric(10, 3) NOT NULL DEFAULT 2.000,
    purchase_date timestamp NOT NULL DEFAULT localtimestamp,
    valid_from    timestamp NOT NULL DEFAULT current_date,
    valid_until   timestamp NOT NULL DEFAULT current_date + 1,
    is_active     boolean NOT NULL DEFAULT true,
    is_expired    boolean NOT NULL DEFAULT false,
    created_by    text REFERENCES public.staff,
    created_at    timestamp NOT NULL DEFAULT localtimestamp,
    updated_at    timestamp NOT NULL DEFAULT localtimestamp
);

CREATE TABLE IF NOT EXISTS public.exit_passes (
    id                text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    queue_id          text REFERENCES public.vehicle_queue ON DELETE SET NULL,
    vehicle_id        text REFERENCES public.vehicles,
    license_plate     text NOT NULL,
    destination_id    text NOT NULL,
    destination_name  text NOT NULL DEFAULT '',
    current_exit_time timestamp NOT NULL DEFAULT localtimestamp,
    created_by        text REFERENCES public.staff,
    created_at        timestamp NOT NULL DEFAULT localtimestamp
);
CREATE INDEX IF NOT EXISTS exit_passes_queue_id_idx ON public.exit_passes (queue_id);
