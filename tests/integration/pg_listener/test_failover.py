"""One leads, the others follow; whatever ends a session, nothing is lost, repeated or published out of order."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
from msgspec import structs

from services.pg_listener.sessions import SEQUENCING
from services.pg_listener.settings import ListenerSettings
from services.pg_listener.standby import Standby
from services.pg_listener.wakeups import LOG, WAKE
from shared.bus.messages import Failed, ReplayReply, ReplayRequest
from shared.queries import query
from tests.databases import fresh_database
from tests.integration.pg_listener.bench import PATIENCE, AfterTheLook, Bench, Reader, data
from tests.servers import Server

BOOKING = (
    "INSERT INTO bookings (destination_id, vehicle_license_plate, seats_booked, total_amount) "
    "VALUES ('test-dest', 'TEST123', $1, 10.0)"
)
LEADERS_SESSION = (
    "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = 1463898956 AND objid = 2 AND granted "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
SESSIONS = "SELECT pid FROM pg_stat_activity WHERE application_name = $1 AND datname = current_database()"


async def _terminate_leader(connection: asyncpg.Connection) -> None:
    await connection.execute(f"SELECT pg_terminate_backend(pid) FROM ({LEADERS_SESSION}) l")


async def _only(connection: asyncpg.Connection, name: str) -> int:
    """Return the process of the session of that name: one that was too slow may be about to be replaced."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found = await connection.fetch(SESSIONS, name)
            if len(found) == 1:
                pid: int = found[0]["pid"]
                return pid


async def _durable(url: str) -> asyncpg.Connection:
    """Connect so that what is committed survives a kill of the server; the tests' servers are set up to be fast."""
    return await asyncpg.connect(url, server_settings={"synchronous_commit": "on"})


def _seats(reader: Reader, line: str) -> list[object]:
    return [data(event)["data"]["seats_booked"] for event in reader.events(line)]  # type: ignore[index]


async def test_a_standby_publishes_the_same_bytes(
    bench: Bench, station_database_url: str, writer: asyncpg.Connection
) -> None:
    _, leading = await bench.listener(station_database_url)
    reader = await bench.reader(leading)
    await reader.until_leading()
    _, standing_by = await bench.listener(station_database_url)
    both = await bench.reader(leading, standing_by)
    await both.until(lambda: both.beats[standing_by].database_up)
    for seats in range(1, 6):
        await writer.execute(BOOKING, seats)
    assert await both.until_events(5, leading) == await both.until_events(5, standing_by)
    assert not both.beats[standing_by].leading
    epoch, top = both.beats[leading].epoch, both.events(leading)[-1].seq
    assert epoch == both.batches[standing_by][0].epoch
    beyond = ReplayRequest(0, epoch, top + 1, 10, 10_000)
    asked = [
        await both.request(lambda n: structs.replace(beyond, request_id=n), line) for line in (leading, standing_by)
    ]
    assert isinstance(asked[0], ReplayReply)
    assert isinstance(asked[1], Failed), "only who leads knows where the log ends"


async def test_a_killed_leader_is_followed_by_the_standby_without_loss_or_repetition(
    bench: Bench, station_database_url: str, writer: asyncpg.Connection
) -> None:
    _, first = await bench.listener(station_database_url)
    await (await bench.reader(first)).until_leading()
    _, second = await bench.listener(station_database_url)
    reader = await bench.reader(first, second)
    await reader.until(lambda: reader.beats[second].database_up)
    administrator = await asyncpg.connect(station_database_url)
    for seats in range(1, 301):
        await writer.execute(BOOKING, seats)
        if seats % 60 == 0:
            await _terminate_leader(administrator)
    await reader.until_events(300, first)
    await reader.until_events(300, second)
    assert _seats(reader, first) == _seats(reader, second) == list(range(1, 301))
    for line in (first, second):
        assert [event.seq for event in reader.events(line)] == list(range(1, 301))
    await reader.until(lambda: reader.beats[first].leading != reader.beats[second].leading)
    await administrator.close()


async def test_a_listener_that_ends_hands_over_at_once(
    bench: Bench, station_database_url: str, writer: asyncpg.Connection
) -> None:
    async with bench.running(station_database_url) as (_, first):
        await (await bench.reader(first)).until_leading()
        _, second = await bench.listener(station_database_url)
        reader = await bench.reader(second)
        await reader.until(lambda: reader.beats[second].database_up)
        await writer.execute(BOOKING, 1)
        await reader.until_events(1)
    await writer.execute(BOOKING, 2)
    await reader.until_events(2)
    await reader.until_leading()
    assert _seats(reader, second) == [1, 2]


async def test_the_database_is_said_to_be_down_and_up_again(
    bench: Bench, station_database_url: str, writer: asyncpg.Connection
) -> None:
    _, line = await bench.listener(station_database_url)
    reader = await bench.reader(line)
    up = await reader.until_leading()
    await writer.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'wasla%'")
    await reader.until(lambda: reader.beats[line].database_since > up.database_since)
    again = await reader.until_leading()
    assert again.database_since > up.database_since
    await writer.execute(BOOKING, 3)
    await reader.until_events(1)


@pytest.mark.parametrize("how", ["unlistened", "terminated"])
async def test_a_deaf_session_is_noticed_and_replaced(
    bench: Bench, station_database_url: str, writer: asyncpg.Connection, how: str
) -> None:
    """Without safety poll and with the bell unheard, only the proof every interval can save the event."""
    listener, line = await bench.listener(
        station_database_url,
        safety_poll_interval=3600.0,
        full_poll_interval=3600.0,
        doorbell_release_after=0.01,
        listen_check_interval=0.2,
    )
    reader = await bench.reader(line)
    await reader.until(lambda: bench.doorbell(listener) == "idle")
    session = await _only(writer, "wasla pg-listener wakeups")
    if how == "terminated":
        await writer.execute("SELECT pg_terminate_backend($1)", session)
    else:
        await bench.deafen(listener, WAKE, LOG)
    for seats in range(1, 4):
        await writer.execute(BOOKING, seats)
        await reader.until_events(seats)
    async with asyncio.timeout(PATIENCE):
        while await writer.fetch(SESSIONS + " AND pid = $2", "wasla pg-listener wakeups", session):
            await writer.execute(BOOKING, 9)
    assert _seats(reader, line)[:3] == [1, 2, 3]


async def _accepted_but_elsewhere(*_: object) -> None:
    """LISTEN as behind a transaction pooler: accepted, by a session that is not the one that answers."""


@pytest.mark.parametrize("when", ["from the start", "later"])
async def test_where_nothing_is_heard_it_polls(
    bench: Bench, station_database_url: str, writer: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    if when == "from the start":
        monkeypatch.setattr(asyncpg.Connection, "add_listener", _accepted_but_elsewhere)
    listener, line = await bench.listener(
        station_database_url,
        safety_poll_interval=3600.0,
        full_poll_interval=3600.0,
        doorbell_release_after=0.01,
        listen_check_interval=0.2,
    )
    reader = await bench.reader(line)
    await reader.until_leading()
    if when == "later":
        await reader.until(lambda: bench.doorbell(listener) == "idle")
        monkeypatch.setattr(asyncpg.Connection, "add_listener", _accepted_but_elsewhere)
        await bench.deafen(listener, WAKE, LOG)
    for seats in range(1, 4):
        await writer.execute(BOOKING, seats)
        await reader.until_events(seats)
    assert not listener.signals.audible
    assert bench.doorbell(listener) == "busy"


async def test_what_the_last_leader_did_before_it_let_go_is_published_first(
    bench: Bench, station_database_url: str, writer: asyncpg.Connection
) -> None:
    """Between a standby's look at the log and its getting the lock, the leader numbers one more."""
    former = await asyncpg.connect(station_database_url, server_settings=SEQUENCING)
    successor = await asyncpg.connect(station_database_url, server_settings=SEQUENCING)
    assert await former.fetchval(query("try_lead"))
    await former.fetch(query("sequence"), 10, 10_000, False, [], 10_000, False)

    async def one_more() -> None:
        await writer.execute(BOOKING, 5)
        await former.fetch(query("sequence"), 10, 10_000, False, [], 10_000, False)
        await former.close()

    listener = bench.unstarted(station_database_url)
    standby = Standby(listener.feed, listener.signals, ListenerSettings())
    await standby.catch_up(successor)
    await standby.follow_until_leader(AfterTheLook(successor, one_more))
    assert listener.feed.recent.top_seq == 1
    await successor.close()


async def test_a_server_that_restarts_is_waited_for(bench: Bench, private_server: Server) -> None:
    async with fresh_database(private_server, "station") as url:
        _, line = await bench.listener(url)
        reader = await bench.reader(line)
        await reader.until_leading()
        writer = await _durable(url)
        await writer.execute(BOOKING, 1)
        await reader.until_events(1)
        for round_number, stop in enumerate((private_server.stop, private_server.kill), start=1):
            await writer.execute(BOOKING, 10 * round_number)
            stop()
            await reader.until(lambda: not reader.beats[line].database_up)
            private_server.start()
            writer = await _durable(url)
            await writer.execute(BOOKING, 10 * round_number + 1)
            await reader.until_events(1 + 2 * round_number)
            await reader.until_leading()
        assert _seats(reader, line) == [1, 10, 11, 20, 21]
        assert len({batch.epoch for batch in reader.batches[line]}) == 1
        await writer.close()


async def test_a_database_without_the_schema_is_told_and_heals_by_setup(bench: Bench, database_url: str) -> None:
    from services.setup import install  # noqa: PLC0415

    listener, line = await bench.listener(database_url)
    reader = await bench.reader(line)
    await reader.until(lambda: "wasla setup" in listener.feed.database.reason)
    assert not reader.beats[line].database_up
    connection = await asyncpg.connect(database_url)
    await install(connection)
    await reader.until_leading()
    await connection.execute("INSERT INTO wasla.probe (machine, nonce) VALUES ('here', 'n1')")
    await reader.until_events(1)
    await connection.close()


async def test_a_schema_removed_and_installed_again_is_another_epoch(bench: Bench, installed_database_url: str) -> None:
    from services.setup import install, remove  # noqa: PLC0415

    _, line = await bench.listener(installed_database_url)
    reader = await bench.reader(line)
    await reader.until_leading()
    connection = await asyncpg.connect(installed_database_url)
    await connection.execute("INSERT INTO wasla.probe (machine, nonce) VALUES ('here', 'n1')")
    await reader.until_events(1)
    epoch = reader.batches[line][0].epoch
    await remove(connection)
    await reader.until(lambda: not reader.beats[line].database_up)
    await install(connection)
    await reader.until_leading()
    await reader.until(lambda: reader.beats[line].epoch not in {"", epoch})
    await connection.execute("INSERT INTO wasla.probe (machine, nonce) VALUES ('here', 'n2')")
    await reader.until_events(2)
    last = reader.batches[line][-1]
    assert (last.after_seq, last.epoch) == (0, reader.beats[line].epoch)
    await connection.close()
