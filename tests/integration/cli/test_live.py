"""``wasla setup`` and ``wasla tail`` against a real listener and a real gateway, started without supervisord."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import signal
import sys
import tempfile
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from services.cli.addresses import gateway_url
from services.cli.conversation import Conversation
from services.cli.errors import StreamRefused
from services.cli.stream import follow
from services.monitor.settings import MonitorSettings
from tests.databases import fresh_database
from tests.integration.cli.commands import wasla
from tests.integration.cli.terminals import on_a_terminal
from tests.ports import free_ports
from tests.servers import Server, only_newest

ROOT = Path(__file__).resolve().parents[3]
BOOKING = """
    INSERT INTO bookings (destination_id, vehicle_license_plate, seats_booked, total_amount)
    VALUES ($1, 'TEST123', 2, 10.0)
"""


@contextlib.asynccontextmanager
async def service(name: str) -> AsyncIterator[None]:
    """Run ``python -m services.NAME`` with the test's environment; it is stopped and its log shown on failure."""
    with tempfile.TemporaryFile() as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", f"services.{name}", cwd=ROOT, stdout=log, stderr=log
        )
        try:
            yield
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            await asyncio.wait_for(process.wait(), 90)
            log.seek(0)
            sys.stdout.write(f"--- {name}\n{log.read().decode(errors='replace')}")


async def gateway_is_up(port: int) -> None:
    async with asyncio.timeout(90):
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                await writer.wait_closed()
                return
            await asyncio.sleep(0.05)


async def set_up_station() -> None:
    """Run ``wasla setup --station``, and wait until the gateway has heard which tables are watched now."""
    result = await wasla("setup", "--station", "--verify-timeout", "60")
    assert result.exit_code == 0, result.output
    async with asyncio.timeout(90):
        while not await gateway_knows_the_station():
            pass


async def gateway_knows_the_station() -> bool:
    """Ask for a table that cannot be: until a gateway knows the catalogue it takes names as they come."""
    conversation = Conversation("test", {"tables": ["nowhere"]})
    try:
        async with (
            asyncio.timeout(3),
            contextlib.aclosing(follow(gateway_url(MonitorSettings.load()), conversation)) as it,
        ):
            async for _ in it:
                pass
    except TimeoutError:
        return False
    except StreamRefused as refusal:
        return "bookings" in str(refusal)
    return False


@pytest.fixture
async def listener(database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """A listener on an empty database; yields its URL. The bus is in a short directory of its own."""
    with tempfile.TemporaryDirectory(prefix="wasla-") as directory:
        monkeypatch.setenv("WASLA_DATABASE_URL", database_url)
        monkeypatch.setenv("WASLA_PORT", str(free_ports(1)))
        monkeypatch.setenv("WASLA_DRAIN_TIMEOUT", "0")
        monkeypatch.setenv("WASLA_BUS_BIND", f"ipc://{directory}/bus")
        monkeypatch.setenv("WASLA_BUS_CONNECT", f"ipc://{directory}/bus")
        monkeypatch.setenv("PYTHONPATH", str(ROOT))
        async with service("pg_listener"):
            yield database_url


@contextlib.asynccontextmanager
async def gateway() -> AsyncIterator[None]:
    """A gateway that hears the listener, at WASLA_PORT."""
    async with service("gateway"):
        await gateway_is_up(MonitorSettings.load().port)
        yield


@pytest.fixture
async def live(listener: str) -> AsyncIterator[str]:
    """A listener and a gateway on an empty database; yields its URL."""
    async with gateway():
        yield listener


@contextlib.asynccontextmanager
async def tail(*words: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run ``wasla tail`` as a program of its own; in the block it is connected."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.cli", "tail", *words, cwd=ROOT, stdout=PIPE, stderr=PIPE
    )
    try:
        await remark(process, "connected at ws://127.0.0.1:")
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def remark(process: asyncio.subprocess.Process, words: str) -> None:
    """Wait until the program says these words on its standard error."""
    assert process.stderr is not None
    async with asyncio.timeout(90):
        while words not in (line := (await process.stderr.readline()).decode()):
            assert line, f"it ended without saying {words!r}"


async def line(process: asyncio.subprocess.Process) -> str:
    """Return the next line of the program's standard output."""
    assert process.stdout is not None
    return (await asyncio.wait_for(process.stdout.readline(), 90)).decode()


async def book(url: str, *destinations: str) -> None:
    """Sell two seats to each destination."""
    connection = await asyncpg.connect(url)
    try:
        for destination in destinations:
            await connection.execute(BOOKING, destination)
    finally:
        await connection.close()


async def test_setup_sees_a_test_event_of_every_table_arrive(live: str) -> None:
    result = await wasla("setup", "--station", "--json", "--verify-timeout", "60")
    found = json.loads(result.stdout)
    assert result.exit_code == 0, found
    arrived = [step["text"].split(" arrived")[0] for step in found["steps"] if "arrived" in step["text"]]
    assert sorted(arrived) == [
        "booking_events: test event of bookings",
        "day_passes_events: test event of day_passes",
        "exit_passes_events: test event of exit_passes",
        "vehicle_events: test event of vehicle_queue",
    ]
    assert found["configuration"]["tables"]["vehicle_queue"] == "vehicle_events"
    again = await wasla("setup", "--verify-timeout", "60")
    assert again.exit_code == 0, again.output


@only_newest
async def test_setup_fails_when_the_events_go_elsewhere(
    live: str, postgres_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The listener works for another database than the one that is set up."""
    await set_up_station()
    async with fresh_database(postgres_server, "empty") as elsewhere:
        monkeypatch.setenv("WASLA_DATABASE_URL", elsewhere)
        for seconds in ("2", "10", "50"):
            result = await wasla("setup", "--station", "--verify-timeout", seconds)
            if "no test event was sent" not in result.stdout:
                break  # else the gateway took longer to answer
    assert result.exit_code == 1
    assert f"did not arrive at the WebSocket within {seconds} s" in result.stdout
    assert "booking_events" in result.stdout
    assert live != elsewhere


@only_newest
async def test_tail_prints_what_was_asked_for_and_ends_after_so_many(live: str) -> None:
    await set_up_station()
    words = ["--table", "bookings", "--where", "destination_id=jemmal", "--where", "seats_booked>=2"]
    async with tail(*words, "--json", "-n", "1") as process:
        await book(live, "moknin", "jemmal")
        event = json.loads(await line(process))
        assert await asyncio.wait_for(process.wait(), 90) == 0
    assert (event["table"], event["event_type"], event["business_event"]) == ("bookings", "INSERT", "BOOKING_CREATED")
    assert event["data"]["destination_id"] == "jemmal"


@only_newest
async def test_tail_shows_what_was_before(live: str) -> None:
    await set_up_station()
    await book(live, "moknin", "jemmal", "sahline")
    last = await wasla("tail", "--table", "bookings", "--event", "INSERT", "--last", "2", "-n", "2", "--json")
    assert last.exit_code == 0, last.output
    events = [json.loads(line) for line in last.stdout.splitlines()]
    assert [event["data"]["destination_id"] for event in events] == ["jemmal", "sahline"]
    since = await wasla("tail", "--table", "bookings", "--since", str(events[0]["seq"]), "-n", "1", "--json")
    assert json.loads(since.stdout)["seq"] == events[1]["seq"]


@only_newest
async def test_a_terminal_gets_events_in_colour_and_never_wider_than_itself(live: str) -> None:
    await set_up_station()
    await book(live, "moknin")

    def look(*words: str) -> str:
        with on_a_terminal("tail", "--table", "bookings", "--last", "1", "-n", "1", *words, columns=100) as terminal:
            assert terminal.ends() == 0
            return next(line for line in terminal.text.splitlines() if "INSERT" in line)

    shown = await asyncio.to_thread(look)
    assert "\x1b[32mINSERT" in shown
    assert len(re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown).strip()) == 100
    assert "vehicle_license_plate" in await asyncio.to_thread(look, "--full")


@only_newest
async def test_what_happens_while_the_gateway_is_away_is_printed_when_it_is_back(listener: str) -> None:
    async with gateway():
        await set_up_station()
        stack = contextlib.AsyncExitStack()
        process = await stack.enter_async_context(tail("--json"))
    async with stack:
        await remark(process, "connection lost: ")
        await book(listener, "sahline", "teboulba")
        async with gateway():
            events = [json.loads(await line(process)) for _ in range(2)]
    assert [event["data"]["destination_id"] for event in events] == ["sahline", "teboulba"]


@only_newest
async def test_ctrl_c_ends_it_without_a_traceback(live: str) -> None:
    await set_up_station()
    async with tail() as process:
        process.send_signal(signal.SIGINT)
        _, errors = await process.communicate()
        assert process.returncode == 130
        assert b"Traceback" not in errors


@only_newest
async def test_a_reader_that_has_had_enough_ends_it_without_a_traceback(live: str) -> None:
    """As in ``wasla tail | head -1``."""
    await set_up_station()
    async with tail() as process:
        process._transport.get_pipe_transport(1).close()  # type: ignore[attr-defined]
        await book(live, "jemmal", "jemmal")
        assert process.stderr is not None
        assert b"Traceback" not in await asyncio.wait_for(process.stderr.read(), 90)


@only_newest
async def test_a_filter_the_gateway_refuses_is_its_sentence(live: str) -> None:
    await set_up_station()
    result = await wasla("tail", "--table", "nowhere")
    assert (result.exit_code, result.stdout) == (1, "")
    assert 'expected a watched table (bookings, day_passes, exit_passes, vehicle_queue), got "nowhere"' in result.stderr
    result = await wasla("tail", "--event", "SOMETHING")
    assert result.exit_code == 1
    assert "expected an event type or business event" in result.stderr


@only_newest
async def test_the_doctor_knows_the_gateway(live: str) -> None:
    found = json.loads((await wasla("doctor", "--json")).stdout)
    assert ("ok", "none is taken by somebody else") in [(finding["level"], finding["what"]) for finding in found]
