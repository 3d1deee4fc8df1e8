"""From a committed change to what a gateway receives, over a real database and the real bus."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from shared.bus.messages import CatalogReply, CatalogRequest
from shared.events import CAPTURE_FAILED
from tests.databases import fresh_database
from tests.integration.pg_listener.bench import PATIENCE, Bench, data
from tests.servers import Server

BOOKING = (
    "INSERT INTO bookings (destination_id, vehicle_license_plate, seats_booked, total_amount) "
    "VALUES ('test-dest', 'TEST123', $1, 10.0) RETURNING id"
)
NEVER = 3600.0


async def test_a_committed_booking_arrives(bench: Bench, station_database_url: str, writer: asyncpg.Connection) -> None:
    _, line = await bench.listener(station_database_url)
    reader = await bench.reader(line)
    beat = await reader.until_leading()
    booking_id = await writer.fetchval(BOOKING, 2)
    (event,) = await reader.until_events(1)
    message = data(event)
    assert (event.table, event.channel, event.event_type) == ("bookings", "booking_events", "INSERT")
    assert event.business_event == "BOOKING_CREATED"
    assert (message["id"], message["origin"]) == (str(booking_id), "counter")
    assert message["data"]["seats_booked"] == 2  # type: ignore[index]
    assert reader.batches[line][0].epoch == (beat.epoch or reader.beats[line].epoch)
    await reader.until(lambda: reader.beats[line].top_seq == event.seq)


async def test_what_was_committed_before_the_start_is_found(
    bench: Bench, station_database_url: str, writer: asyncpg.Connection
) -> None:
    for seats in (1, 2, 3):
        await writer.execute(BOOKING, seats)
    _, line = await bench.listener(station_database_url)
    reader = await bench.reader(line)
    await reader.until(lambda: reader.beats[line].top_seq >= 3)
    reply = await reader.replay(reader.beats[line].epoch, reader.beats[line].top_seq - 3)
    assert [data(event)["data"]["seats_booked"] for event in reply.events] == [1, 2, 3]  # type: ignore[index]


async def test_neither_polls_nor_the_safety_poll_are_needed_when_idle(
    bench: Bench, station_database_url: str, writer: asyncpg.Connection
) -> None:
    listener, line = await bench.listener(
        station_database_url, safety_poll_interval=NEVER, full_poll_interval=NEVER, doorbell_release_after=0.01
    )
    reader = await bench.reader(line)
    await reader.until_leading()
    for count in range(1, 6):
        await reader.until(lambda: bench.doorbell(listener) == "idle")
        await writer.execute(BOOKING, 1)
        await reader.until_events(count)


async def test_a_writer_that_skipped_its_ring_is_waited_for(
    bench: Bench, station_database_url: str, writer: asyncpg.Connection
) -> None:
    """Its statement ran while the listener was busy, its commit comes when nothing else does.

    An older transaction ends first, without an event: the end of that one is not the end of both.
    """
    listener, line = await bench.listener(
        station_database_url, safety_poll_interval=NEVER, full_poll_interval=NEVER, doorbell_release_after=0.5
    )
    reader = await bench.reader(line)
    older, younger = await asyncpg.connect(station_database_url), await asyncpg.connect(station_database_url)
    await _written_while_busy(writer, older, younger)
    await reader.until(lambda: bench.doorbell(listener) == "letting_go")
    await older.execute("ROLLBACK")
    drains = listener.metrics.drains.labels("empty")
    looked = drains._value.get()
    await reader.until(lambda: drains._value.get() > looked + 2)
    await younger.execute("COMMIT")
    await reader.until(lambda: [data(event)["data"]["seats_booked"] for event in reader.events()][-1] == 8)  # type: ignore[index]
    await reader.until(lambda: bench.doorbell(listener) == "idle")
    await older.close()
    await younger.close()


async def test_a_long_writing_transaction_elsewhere_delays_nobody(
    bench: Bench, station_database_url: str, writer: asyncpg.Connection
) -> None:
    _, line = await bench.listener(station_database_url)
    reader = await bench.reader(line)
    await reader.until_leading()
    other = await asyncpg.connect(station_database_url)
    async with other.transaction():
        await other.execute(BOOKING, 9)
        for count in range(1, 4):
            await writer.execute(BOOKING, count)
            await reader.until_events(count)
    events = await reader.until_events(4)
    assert [data(event)["data"]["seats_booked"] for event in events] == [1, 2, 3, 9]  # type: ignore[index]
    await other.close()


async def test_a_large_transaction_stays_in_one_piece_across_batches(
    bench: Bench, station_database_url: str, writer: asyncpg.Connection
) -> None:
    _, line = await bench.listener(station_database_url, batch_max_events=10)
    reader = await bench.reader(line)
    await reader.until_leading()
    await writer.execute(
        "INSERT INTO bookings (destination_id, vehicle_license_plate, seats_booked, total_amount) "
        "SELECT 'd', 'v', n, 1 FROM generate_series(1, 35) n"
    )
    events = [data(event) for event in await reader.until_events(35)]
    assert [event["tx"]["index"] for event in events] == list(range(35))  # type: ignore[index]
    assert {event["tx"]["size"] for event in events} == {35}  # type: ignore[index]
    assert [event["data"]["seats_booked"] for event in events] == list(range(1, 36))  # type: ignore[index]
    assert max(len(batch.events) for batch in reader.batches[line]) <= 10


async def test_prepared_transactions_arrive_although_nobody_rings(bench: Bench, two_phase_server: Server) -> None:
    async with fresh_database(two_phase_server, "station") as url:
        _, line = await bench.listener(url, safety_poll_interval=NEVER)
        reader = await bench.reader(line)
        await reader.until_leading()
        writer = await asyncpg.connect(url)
        await writer.execute("BEGIN")
        await writer.execute(BOOKING, 4)
        await writer.execute("PREPARE TRANSACTION 'sale'")
        await writer.execute(BOOKING, 1)
        await reader.until_events(1)
        await writer.execute("COMMIT PREPARED 'sale'")
        events = await reader.until_events(2)
        assert [data(event)["data"]["seats_booked"] for event in events] == [1, 4]  # type: ignore[index]
        await writer.close()


async def test_the_probe_passes_with_a_stamp_for_each_hop(
    bench: Bench, station_database_url: str, writer: asyncpg.Connection
) -> None:
    _, line = await bench.listener(station_database_url)
    reader = await bench.reader(line)
    await reader.until_leading()
    await writer.execute("INSERT INTO wasla.probe (machine, nonce) VALUES ('here', 'n1')")
    (event,) = await reader.until_events(1)
    assert (event.event_type, event.channel, event.internal) == ("TEST", "wasla_probe", True)
    hops = data(event)["hops"]
    assert hops["captured"] <= hops["sequenced"] <= hops["published"]  # type: ignore[index]


async def test_the_catalogue_follows_watch_and_unwatch(
    bench: Bench, station_database_url: str, writer: asyncpg.Connection
) -> None:
    _, line = await bench.listener(station_database_url)
    reader = await bench.reader(line)
    await reader.until(lambda: reader.beats[line].catalog_version != 0)
    before = reader.beats[line].catalog_version
    await writer.execute("CREATE TABLE notes (id int PRIMARY KEY, body text, done boolean, meta jsonb)")
    await writer.execute("SELECT wasla.watch('notes')")
    await reader.until(lambda: reader.beats[line].catalog_version != before)
    reply = await reader.request(CatalogRequest)
    assert isinstance(reply, CatalogReply)
    notes = reply.catalog.tables["notes"]
    assert notes.channel == "notes_events"
    assert notes.columns == {"id": "number", "body": "string", "done": "boolean", "meta": "json"}
    assert notes.key == ("id",)
    assert reply.catalog.tables["wasla.probe"].internal
    await writer.execute("SELECT wasla.unwatch('notes')")
    await reader.until(lambda: reader.beats[line].catalog_version == before)


async def test_while_it_is_busy_no_writer_rings(
    bench: Bench, station_database_url: str, writer: asyncpg.Connection
) -> None:
    """A ring in a writing transaction serialises all commits of the database: that is what the lock is for."""
    _, line = await bench.listener(station_database_url, doorbell_release_after=NEVER)
    reader = await bench.reader(line)
    await reader.until_leading()
    await _until_held(writer)
    heard: list[object] = []
    logged = asyncio.Event()
    other = await asyncpg.connect(station_database_url)
    await other.add_listener("wasla_wake", lambda *notification: heard.append(notification))
    await other.add_listener("wasla_log", lambda *_: logged.set())
    for count in range(1, 4):
        await writer.execute(BOOKING, count)
        await reader.until_events(count)
    await asyncio.wait_for(logged.wait(), PATIENCE)
    assert heard == []
    await other.close()


async def test_partitions_of_the_log_are_made_ahead(
    bench: Bench, station_database_url: str, writer: asyncpg.Connection
) -> None:
    _, line = await bench.listener(station_database_url, maintain_interval=0.05)
    reader = await bench.reader(line)
    await reader.until_leading()
    async with asyncio.timeout(PATIENCE):
        while not await writer.fetchval("SELECT partitioned_until > seq + 250000 FROM wasla.position"):
            pass


@pytest.mark.parametrize("table", ["bookings", "a:b c"])
async def test_a_failed_capture_that_only_the_doorbell_could_tell_is_marked(
    bench: Bench, station_database_url: str, writer: asyncpg.Connection, table: str
) -> None:
    listener, line = await bench.listener(station_database_url)
    reader = await bench.reader(line)
    await reader.until_leading()
    await reader.until(lambda: listener.signals.audible)
    await writer.execute('CREATE TABLE IF NOT EXISTS "a:b c" (id int PRIMARY KEY)')
    await writer.execute("SELECT wasla.watch('\"a:b c\"')")
    for reported in ("nobody's", table):
        await writer.execute("SELECT pg_notify('wasla_wake', 'capture_failed:' || $1)", reported)
    (event,) = await reader.until_events(1)
    assert (event.event_type, event.table, event.message) == (CAPTURE_FAILED, table, b"")


async def test_changes_made_without_an_outbox_are_marked(
    bench: Bench, station_database_url: str, writer: asyncpg.Connection
) -> None:
    listener, line = await bench.listener(station_database_url)
    reader = await bench.reader(line)
    await reader.until_leading()
    await reader.until(lambda: listener.signals.audible)
    await writer.execute("DROP TABLE wasla.outbox")
    await writer.execute(BOOKING, 2)
    events = await reader.until_events(1)
    assert {(event.event_type, event.table) for event in events} == {(CAPTURE_FAILED, "bookings")}
    await reader.until(lambda: reader.beats[line].database_up)


async def _written_while_busy(writer: asyncpg.Connection, *connections: asyncpg.Connection) -> None:
    """Leave transactions open that wrote while the lock was held: on a slow machine not in the first try."""
    while True:
        await writer.execute(BOOKING, 1)
        await _until_held(writer)
        for connection in connections:
            await connection.execute("BEGIN")
            await connection.execute(BOOKING, 8)
        if await _is_held(writer):
            return
        for connection in connections:
            await connection.execute("ROLLBACK")


async def _until_held(connection: asyncpg.Connection) -> None:
    """Wait until the listener holds the lock that keeps writers from ringing."""
    async with asyncio.timeout(PATIENCE):
        while not await _is_held(connection):
            pass


async def _is_held(connection: asyncpg.Connection) -> bool:
    held: bool = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = 1463898956 "
        "AND objid = 1 AND mode = 'ExclusiveLock' AND granted "
        "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"
    )
    return held
