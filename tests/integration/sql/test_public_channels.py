"""The public NOTIFY channels: metadata only, once per event, sent by the sequencer, never a danger to anybody."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from services.setup import watch
from shared.queries import query
from tests.integration.sql.sequencer import Sequencer

STATION = ("booking_events", "vehicle_events", "day_passes_events", "exit_passes_events")
TIMEOUT = 60.0

Heard = list[tuple[str, dict[str, Any]]]


class Ear:
    """A LISTEN consumer."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection
        self._heard: asyncio.Queue[tuple[str, str]] = asyncio.Queue()

    async def listen(self, *channels: str) -> None:
        for channel in (*channels, "the_end"):
            await self.connection.add_listener(channel, lambda *a: self._heard.put_nowait((a[2], a[3])))

    async def heard(self) -> Heard:
        """Return what was notified up to now."""
        await self.connection.execute("NOTIFY the_end")
        found: Heard = []
        async with asyncio.timeout(TIMEOUT):
            while (notification := await self._heard.get())[0] != "the_end":
                found.append((notification[0], json.loads(notification[1])))
        return found


@asynccontextmanager
async def listening(url: str, *channels: str) -> AsyncIterator[Ear]:
    connection = await asyncpg.connect(url)
    ear = Ear(connection)
    await ear.listen(*channels)
    yield ear
    await connection.close()


async def test_each_table_speaks_on_its_channel(
    clerk: asyncpg.Connection, station: Sequencer, station_database_url: str
) -> None:
    async with listening(station_database_url, *STATION) as ear:
        await clerk.execute("INSERT INTO bookings (id) VALUES ('b1')")
        await clerk.execute("UPDATE vehicle_queue SET status = 'LOADING' WHERE id = 'queue-1'")
        await clerk.execute("INSERT INTO day_passes (id, license_plate) VALUES ('d1', '1 TUN 1')")
        await clerk.execute("INSERT INTO exit_passes (id, license_plate, destination_id) VALUES ('e1', '1 TUN 1', 'x')")
        assert await ear.heard() == []  # a writer does not pay for it
        events = await station.drain()
        heard = await ear.heard()
    fields = ("event_type", "table", "id", "business_event")
    assert [(channel, *(said[field] for field in fields)) for channel, said in heard] == [
        ("booking_events", "INSERT", "bookings", "b1", "BOOKING_CREATED"),
        ("vehicle_events", "UPDATE", "vehicle_queue", "queue-1", "VEHICLE_UPDATED"),
        ("day_passes_events", "INSERT", "day_passes", "d1", None),
        ("exit_passes_events", "INSERT", "exit_passes", "e1", None),
    ]
    assert [said["seq"] for _, said in heard] == [event.seq for event in events]
    assert all(set(said) == {"event_type", "table", "id", "seq", "business_event", "timestamp"} for _, said in heard)


async def test_equal_changes_are_told_each(
    clerk: asyncpg.Connection, station: Sequencer, station_database_url: str
) -> None:
    async with listening(station_database_url, "vehicle_events") as ear:
        async with clerk.transaction():
            for _ in range(5):
                await clerk.execute("UPDATE vehicle_queue SET status = 'LOADING' WHERE id = 'queue-1'")
        await station.drain()
        assert len(await ear.heard()) == 5


async def test_a_key_beyond_the_limit_of_a_notification_is_left_out(
    writer: asyncpg.Connection, sequencer: Sequencer, installed_database_url: str
) -> None:
    await writer.execute("CREATE TABLE deep (path text PRIMARY KEY)")
    await watch(writer, "deep")
    async with listening(installed_database_url, "deep_events") as ear:
        # It compresses well, so that the index takes it.
        await writer.execute("INSERT INTO deep VALUES (repeat('k', 9000))")
        [event] = await sequencer.drain()
        [(_, said)] = await ear.heard()
    assert event.row_id == "k" * 9000
    assert (said["event_type"], said["seq"], said["truncated"]) == ("INSERT", event.seq, True)
    assert "id" not in said


async def test_the_probe_is_told_to_nobody(
    writer: asyncpg.Connection, sequencer: Sequencer, installed_database_url: str
) -> None:
    async with listening(installed_database_url, "wasla_probe") as ear:
        await writer.execute(query("touch_probe"), "counter-1", "nonce-1")
        await writer.execute(query("touch_probe"), "counter-1", "nonce-2")
        events = await sequencer.drain()
        assert await ear.heard() == []
    assert [(e.event_type, e.channel, e.table) for e in events] == [("TEST", "wasla_probe", "wasla.probe")] * 2
    assert [(e.data or {})["nonce"] for e in events] == ["nonce-1", "nonce-2"]


@pytest.mark.parametrize("name", ["test_notifications", "public.test_notifications", "wasla.test_notifications"])
async def test_the_self_test_speaks_on_every_channel(
    clerk: asyncpg.Connection, station: Sequencer, station_database_url: str, name: str
) -> None:
    async with listening(station_database_url, *STATION) as ear:
        emitted = await clerk.fetch(f"SELECT * FROM {name}()")
        events = await station.drain()
        heard = await ear.heard()
    assert {row["channel"] for row in emitted} == set(STATION)
    assert [(e.channel, e.table, e.event_type, e.row_id) for e in events] == [tuple(row) for row in emitted]
    assert [(channel, said["id"]) for channel, said in heard] == [(row["channel"], row["id"]) for row in emitted]


async def test_a_channel_that_needs_quotes(
    writer: asyncpg.Connection, sequencer: Sequencer, installed_database_url: str
) -> None:
    channel = "Quai \"Nord\" '9' é"
    await watch(writer, "items", channel=channel)
    async with listening(installed_database_url, channel) as ear:
        await writer.execute("INSERT INTO items VALUES (1)")
        [event] = await sequencer.drain()
        assert [name for name, _ in await ear.heard()] == [channel] == [event.channel]
