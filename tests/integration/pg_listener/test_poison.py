"""One row that cannot be numbered stops nobody: its table is told to reload, everything else arrives."""

from __future__ import annotations

import asyncpg
import pytest
from structlog.testing import capture_logs

from services.pg_listener.service import Listener
from services.setup import scripts, watch
from services.setup.installation import run
from shared.events import CAPTURE_FAILED
from tests.integration.pg_listener.bench import Bench, Reader, data
from tests.servers import Server, only_newest

BOOKINGS = (
    "INSERT INTO bookings (destination_id, vehicle_license_plate, seats_booked, total_amount) "
    "SELECT 'd', 'v', n, 10.0 FROM generate_series(1, $1::int) n"
)
POISON = "UPDATE wasla.outbox SET new_row = '[1]' WHERE (new_row ->> 'seats_booked')::int = $1"


def marked(listener: Listener) -> float:
    return listener.metrics.marked_rows._value.get()


async def change_with_poison(writer: asyncpg.Connection, *poisonous: int) -> None:
    async with writer.transaction():
        await writer.execute("UPDATE bookings SET total_amount = 11.0")
        for number in poisonous:
            await writer.execute(POISON, number)


def seats(reader: Reader, after: int) -> list[object]:
    """Return the rows that arrived after so many, with None for a mark."""
    return [
        None if event.event_type == CAPTURE_FAILED else data(event)["data"]["seats_booked"]  # type: ignore[index]
        for event in reader.events()[after:]
    ]


@pytest.mark.parametrize("batch", [1000, 16, 1])
async def test_the_culprits_alone_become_marks(
    bench: Bench, station_database_url: str, writer: asyncpg.Connection, batch: int
) -> None:
    listener, line = await bench.listener(station_database_url, batch_max_events=batch)
    reader = await bench.reader(line)
    up = await reader.until_leading()
    await writer.execute(BOOKINGS, 50)
    await reader.until_events(50)
    with capture_logs() as logs:
        await change_with_poison(writer, 7, 31)
        await writer.execute(BOOKINGS, 1)
        await reader.until_events(101)
    assert seats(reader, 50) == [None if n in {7, 31} else n for n in range(1, 51)] + [1]
    assert [event.table for event in reader.events() if event.event_type == CAPTURE_FAILED] == ["bookings"] * 2
    assert marked(listener) == 2
    reasons = [entry["reason"] for entry in logs if entry["event"] == "row not numbered, marked"]
    assert len(reasons) == 2
    assert all("jsonb_each" in reason for reason in reasons)
    await reader.until(lambda: reader.beats[line].top_seq == reader.events()[-1].seq)
    assert reader.beats[line].database_since == up.database_since
    assert listener.metrics.reconnects.labels("sequencing")._value.get() == 0


async def test_a_standby_and_a_replay_pass_over_the_place(
    bench: Bench, station_database_url: str, writer: asyncpg.Connection
) -> None:
    await writer.execute(BOOKINGS, 20)
    await change_with_poison(writer, 3)
    _, first = await bench.listener(station_database_url)
    reader = await bench.reader(first)
    await reader.until(lambda: reader.beats[first].top_seq == 40)
    _, second = await bench.listener(station_database_url, replay_ring_max_events=1)
    both = await bench.reader(first, second)
    await both.until(lambda: both.beats[second].top_seq == 40)
    reply = await both.replay(both.beats[second].epoch, 0, line=second)
    assert [event.seq for event in reply.events if event.event_type == CAPTURE_FAILED] == [23]


@only_newest
async def test_bytes_that_are_no_text_stop_nobody(bench: Bench, postgres_server: Server) -> None:
    """A database that checks no text, with the schema from before such a database was refused."""
    administrator = await asyncpg.connect(postgres_server.url("postgres"))
    await administrator.execute("CREATE DATABASE unchecked ENCODING 'SQL_ASCII' TEMPLATE template0 LOCALE 'C'")
    try:
        url = postgres_server.url("unchecked")
        writer = await asyncpg.connect(url)
        await run(writer, scripts.read_all(scripts.INSTALL_DIRECTORY))
        await writer.execute("RESET search_path; CREATE TABLE notes (id int PRIMARY KEY, body text)")
        await watch(writer, "notes")
        _, line = await bench.listener(url)
        reader = await bench.reader(line)
        await reader.until_leading()
        await writer.execute("INSERT INTO notes VALUES (1, 'a'), (2, E'\\xff'), (3, 'b')")
        events = await reader.until_events(3)
        assert [event.event_type for event in events] == ["INSERT", CAPTURE_FAILED, "INSERT"]
        await writer.close()
    finally:
        await administrator.execute("DROP DATABASE unchecked WITH (FORCE)")
        await administrator.close()


async def test_a_failure_that_is_not_of_a_row_marks_nothing(
    bench: Bench, station_database_url: str, writer: asyncpg.Connection
) -> None:
    listener, line = await bench.listener(station_database_url)
    reader = await bench.reader(line)
    await reader.until_leading()
    await writer.execute("ALTER FUNCTION wasla.text_bytes(jsonb) RENAME TO gone")
    await writer.execute(BOOKINGS, 3)
    await reader.until(lambda: not reader.beats[line].database_up)
    await writer.execute("ALTER FUNCTION wasla.gone(jsonb) RENAME TO text_bytes")
    await reader.until_events(3)
    assert seats(reader, 0) == [1, 2, 3]
    assert marked(listener) == 0


async def test_where_not_even_a_mark_can_be_put_it_is_said(
    bench: Bench, station_database_url: str, writer: asyncpg.Connection
) -> None:
    listener, line = await bench.listener(station_database_url)
    reader = await bench.reader(line)
    await reader.until_leading()
    await writer.execute("ALTER TABLE wasla.event_log ADD CONSTRAINT closed CHECK (false) NOT VALID")
    await writer.execute(BOOKINGS, 3)
    await reader.until(lambda: "refused a statement" in listener.feed.database.reason)
    await writer.execute("ALTER TABLE wasla.event_log DROP CONSTRAINT closed")
    await reader.until_events(3)
    assert seats(reader, 0) == [1, 2, 3]
