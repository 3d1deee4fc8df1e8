"""Removing: no trace of ours, the user's tables as they were, twice in a row."""

from __future__ import annotations

import asyncpg

from services.setup import inspect, install, install_station, remove, watch

TRACES = """
    SELECT 'schema' FROM pg_namespace WHERE nspname = 'wasla'
    UNION ALL SELECT tgname FROM pg_trigger WHERE tgname LIKE 'wasla%'
    UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT conname FROM pg_depend d JOIN pg_constraint c ON c.oid = d.objid WHERE conname LIKE 'wasla%'
"""
SHAPE = """
    SELECT jsonb_agg(jsonb_build_array(attrelid::regclass, attname, atttypid::regtype) ORDER BY attrelid, attnum)::text
    FROM pg_attribute WHERE attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
"""


async def test_no_trace_is_left(station_database_url: str) -> None:
    connection = await asyncpg.connect(station_database_url)
    await connection.execute("INSERT INTO bookings (id) VALUES ('b1')")
    rows, shape = await connection.fetch("TABLE vehicle_queue"), await connection.fetchval(SHAPE)
    await remove(connection)
    await remove(connection)
    assert await connection.fetch(TRACES) == []
    assert (await connection.fetch("TABLE vehicle_queue"), await connection.fetchval(SHAPE)) == (rows, shape)
    await connection.execute("UPDATE bookings SET seats_booked = 2; TRUNCATE bookings")
    assert not (await inspect(connection)).installed
    await connection.close()


async def test_removing_what_was_never_installed(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    await remove(connection)
    await connection.close()


async def test_a_users_function_stays(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute("CREATE FUNCTION test_notifications() RETURNS text LANGUAGE sql AS $$ SELECT 'mine' $$")
    await remove(connection)
    assert await connection.fetchval("SELECT test_notifications()") == "mine"
    await connection.close()


async def test_what_is_left_of_a_damaged_schema_goes_too(station_database_url: str) -> None:
    connection = await asyncpg.connect(station_database_url)
    await connection.execute("DROP TABLE wasla.outbox, wasla.watched, wasla.migration CASCADE")
    await remove(connection)
    assert await connection.fetch(TRACES) == []
    await connection.close()


async def test_there_and_back_again(station_database_url: str) -> None:
    connection = await asyncpg.connect(station_database_url)
    await remove(connection)
    await install(connection)
    await install_station(connection)
    await connection.execute("CREATE TABLE parted (id int PRIMARY KEY) PARTITION BY RANGE (id)")
    await connection.execute("CREATE TABLE parted_low PARTITION OF parted FOR VALUES FROM (0) TO (10)")
    await watch(connection, "parted")
    await connection.execute("INSERT INTO bookings (id) VALUES ('b1'); INSERT INTO parted VALUES (1)")
    assert await connection.fetchval("SELECT count(*) FROM wasla.outbox") == 2
    await remove(connection)
    assert await connection.fetch(TRACES) == []
    await connection.close()
