"""Sessions are what the listener asked for, whatever a role or a database was given, and last as long as they work."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from services.monitor.probe_database import ProbeDatabase
from services.pg_listener import patience, sequencer
from services.pg_listener.patience import while_at_work
from services.pg_listener.sessions import SEQUENCING, open_session
from services.pg_listener.settings import ListenerSettings
from shared.database import STEADY
from tests.integration.pg_listener.bench import PATIENCE, Bench

BOOKING = (
    "INSERT INTO bookings (destination_id, vehicle_license_plate, seats_booked, total_amount) "
    "VALUES ('d', 'v', 1, 10.0)"
)
INHERITED = {
    "statement_timeout": "77s",
    "lock_timeout": "77s",
    "idle_session_timeout": "77s",
    "idle_in_transaction_session_timeout": "77s",
    "default_transaction_read_only": "on",
    "default_transaction_isolation": "serializable",
    "client_min_messages": "debug5",
    "transaction_timeout": "77s",
}


@pytest.fixture
async def odd_database_url(station_database_url: str, writer: asyncpg.Connection, postgres_version: int) -> str:
    """The station's database, with settings that suit nobody; sessions that are open do not see them."""
    name = await writer.fetchval("SELECT current_database()")
    for setting, value in INHERITED.items():
        if setting != "transaction_timeout" or postgres_version >= 17:
            await writer.execute(f"ALTER DATABASE {name} SET {setting} = '{value}'")
    return station_database_url


async def test_every_session_is_steady(odd_database_url: str) -> None:
    settings = ListenerSettings(database_url=SecretStr(odd_database_url))
    for server_settings in (SEQUENCING, None):
        connection = await open_session(settings, "test", server_settings)
        expected = {**STEADY, "transaction_timeout": "0", **(server_settings or {})}
        rows = await connection.fetch(
            "SELECT name, setting FROM pg_settings WHERE name = ANY ($1)", [*INHERITED, "transaction_timeout"]
        )
        assert len(rows) >= len(STEADY)
        assert {row["name"]: row["setting"] for row in rows} == {row["name"]: expected[row["name"]] for row in rows}
        await connection.close()


async def test_a_database_set_for_others_is_served(
    bench: Bench, odd_database_url: str, writer: asyncpg.Connection
) -> None:
    _, line = await bench.listener(odd_database_url)
    reader = await bench.reader(line)
    await reader.until_leading()
    await writer.execute(BOOKING)
    await reader.until_events(1)
    probe = ProbeDatabase(lambda: odd_database_url, machine="here")
    await probe.touch("n1")
    events = await reader.until_events(2)
    assert (await probe.find("n1", after_seq=events[0].seq)).is_sequenced
    probe.close()


@pytest.fixture
def _asks_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether a drain is at work is asked after a moment; everything else, that question too, has its usual time."""
    ask = patience._is_working

    async def drain_while_at_work(connection: asyncpg.Connection, statement: Any, settings: ListenerSettings) -> Any:
        return await while_at_work(connection, statement, settings.model_copy(update={"statement_timeout": 0.5}))

    async def is_working(pid: int, settings: ListenerSettings) -> bool:
        return await ask(pid, settings.model_copy(update={"statement_timeout": PATIENCE}))

    monkeypatch.setattr(sequencer, "while_at_work", drain_while_at_work)
    monkeypatch.setattr(patience, "_is_working", is_working)


@pytest.mark.usefixtures("_asks_early")
async def test_a_drain_at_work_is_waited_for(
    bench: Bench, station_database_url: str, writer: asyncpg.Connection
) -> None:
    """However long it takes: given up, it would begin anew for ever."""
    listener, line = await bench.listener(station_database_url)
    reader = await bench.reader(line)
    up = await reader.until_leading()
    lost = listener.metrics.reconnects.labels("sequencing")
    before = lost._value.get()
    with capture_logs() as logs:
        async with writer.transaction():
            await writer.execute("LOCK TABLE wasla.outbox IN ACCESS EXCLUSIVE MODE")
            await writer.execute(BOOKING)
            async with asyncio.timeout(PATIENCE):
                while sum(entry["event"] == "a statement takes long" for entry in logs) < 2:
                    await writer.execute("SELECT pg_sleep(0.02)")
        await reader.until_events(1)
    assert lost._value.get() == before
    assert reader.beats[line].database_since == up.database_since


async def test_a_statement_that_nobody_works_on_is_given_up(station_database_url: str) -> None:
    settings = ListenerSettings(database_url=SecretStr(station_database_url), statement_timeout=0.5)
    connection = await open_session(settings, "test")
    answer = asyncio.get_running_loop().create_future()

    async def lost_on_the_way() -> None:
        await answer

    with pytest.raises(TimeoutError):
        await while_at_work(connection, lost_on_the_way(), settings)
    await asyncio.sleep(0)
    assert answer.cancelled()
    await connection.close()
