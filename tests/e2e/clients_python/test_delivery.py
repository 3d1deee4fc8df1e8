"""The Python client over the whole product: whatever dies, each committed change is handed over once, in order."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from wasla_client import Client, CustomEvent, Event, EventStream, Status, connect, sync

from tests.e2e.fleet import Fleet
from tests.e2e.sales import Counter, sell, selling
from tests.supervised import DEADLINE, ROOT

pytestmark = pytest.mark.timeout(300)

PACKAGE = ROOT / "clients" / "python"
MANY = 50


class Reader:
    """Reads a stream of inserts as fast as it comes; a resync is none of what it expects."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._came = asyncio.Event()

    async def read(self, stream: EventStream) -> None:
        async for item in stream:
            assert isinstance(item, Event), item
            self.events.append(item)
            self._came.set()

    async def caught_up(self, counter: Counter) -> None:
        """Wait for the last sale so far; check that each was told once, in commit order."""
        committed = list(counter.committed)
        async with asyncio.timeout(DEADLINE):
            while not self.events or committed[-1] not in self.ids():
                self._came.clear()
                await self._came.wait()
        assert [number for number in self.ids() if number in set(committed)] == committed
        assert len(self.ids()) == len(set(self.ids()))
        sequence = [event.seq for event in self.events]
        assert sequence == sorted(set(sequence))

    def ids(self) -> list[str | None]:
        return [event.id for event in self.events]


async def gateway_of(client: Client, app_name: str) -> str:
    """Return the program, by supervisord's name, that serves the client of this name.

    A gateway that answers late is left out of the list, which is then asked for again.
    """
    async with asyncio.timeout(DEADLINE):
        while True:
            roster = await client.clients(timeout=DEADLINE)
            if found := [peer for peer in roster.clients if peer.app_name == app_name]:
                (peer,) = found
                return peer.gateway.rpartition(":")[2]
            await asyncio.sleep(0.2)


async def test_a_gateway_killed_in_the_middle_of_a_stream(fleet: Fleet) -> None:
    async with connect(fleet.gateway_url, app_name="victim") as client, selling(lambda: fleet.database_url) as counter:
        told: list[Status] = []
        client.on("status", told.append)
        reader, stream = Reader(), client.events(table="bookings", events=["INSERT"])
        async with asyncio.TaskGroup() as group:
            await stream.wait_live()
            reading = group.create_task(reader.read(stream))
            await counter.sold(MANY)
            for _ in range(2):
                name = await gateway_of(client, "victim")
                lost_before = lost(told)
                pid = fleet.pid(name)
                os.kill(pid, signal.SIGKILL)
                await counter.sold(MANY)
                await asyncio.to_thread(fleet.wait_for, "it runs again", lambda: fleet.is_running_anew(name, pid))  # noqa: B023
                await counter.sold(MANY)
                await client.wait_connected()
                await reader.caught_up(counter)
                assert lost(told) > lost_before
            reading.cancel()


def lost(told: list[Status]) -> int:
    """Count how often the link ended."""
    states = [status.connected for status in told]
    return sum(was and not now for was, now in itertools.pairwise(states))


async def test_a_broadcast_reaches_the_other_client(fleet: Fleet) -> None:
    async with (
        connect(fleet.gateway_url, app_name="board") as board,
        connect(fleet.gateway_url, app_name="till") as till,
    ):
        rung: asyncio.Queue[CustomEvent] = asyncio.Queue()
        board.on("custom_event", rung.put_nowait)
        await board.wait_connected()
        await till.broadcast("RING", {"n": 1}, to={"app_name": "board"}, timeout=DEADLINE)
        async with asyncio.timeout(DEADLINE):
            got = await rung.get()
    assert (got.event_type, got.data, got.sender.app_name) == ("RING", {"n": 1}, "till")


async def test_the_status_of_the_database_is_told(fleet: Fleet) -> None:
    async with connect(fleet.gateway_url, app_name="status") as client:
        changed = asyncio.Event()
        client.on("status", lambda _: changed.set())
        await client.wait_connected()
        async with asyncio.timeout(DEADLINE):
            while client.status.database != "up" or client.status.latency_ms is None:
                changed.clear()
                await changed.wait()


async def test_a_script_without_asyncio(fleet: Fleet) -> None:
    def script() -> tuple[list[str | None], list[str]]:
        with sync.connect(fleet.gateway_url, app_name="script") as client:
            stream = client.events(table="bookings")
            stream.wait_live()
            sold = asyncio.run(sell(fleet.database_url, 20))
            seen: list[str | None] = []
            while sold[-1] not in seen:
                item = next(stream)
                assert isinstance(item, Event)
                seen.append(item.id)
            assert client.status.connected
            while "script" not in {peer.app_name for peer in client.clients(timeout=DEADLINE).clients}:
                time.sleep(0.2)  # its gateway was too busy to answer
            return seen, sold

    seen, sold = await asyncio.to_thread(script)
    assert [number for number in seen if number in sold] == sold, "a sale before them may be told of here"


async def test_a_script_killed_and_run_again_misses_nothing(fleet: Fleet, tmp_path: Path) -> None:
    file = tmp_path / "bookings.jsonl"
    async with selling(lambda: fleet.database_url) as counter:
        for signum in (signal.SIGKILL, signal.SIGINT):
            with example("resume.py", fleet.gateway_url, str(file)) as process:
                await asyncio.to_thread(fleet.wait_for, "the script is live", lambda: lines(file) >= 1)
                before = lines(file)
                await counter.sold(MANY)
                await asyncio.to_thread(fleet.wait_for, "it has written", lambda: lines(file) >= before + MANY)  # noqa: B023
                process.send_signal(signum)
                process.wait(DEADLINE)
            await counter.sold(MANY)
        assert process.returncode == 130
        committed = list(counter.committed)
    with example("resume.py", fleet.gateway_url, str(file)):
        await asyncio.to_thread(fleet.wait_for, "the last sale is there", lambda: committed[-1] in bookings(file))
    written = bookings(file)
    first = committed.index(written[0])
    assert written[: len(committed) - first] == committed[first:]


async def test_the_examples_run(fleet: Fleet) -> None:
    with example("follow.py", fleet.gateway_url) as follow:
        assert follow.stderr is not None
        assert follow.stdout is not None
        while not (await asyncio.to_thread(follow.stderr.readline)).startswith("connected"):
            pass
        (sold,) = await sell(fleet.database_url, 1)
        line = ""
        while sold not in line:  # a sale before it may be told of here
            line = await asyncio.to_thread(follow.stdout.readline)
            assert line, "it ended"
        assert line.split()[1:4] == ["INSERT", "bookings", sold]
        shown = ""
        async with asyncio.timeout(DEADLINE):
            while "follow on" not in shown:  # its gateway was too busy to answer
                with example("ring.py", fleet.gateway_url, "follow") as ring:
                    shown, _ = await asyncio.to_thread(ring.communicate)
                assert shown.endswith("rang at follow\n")
        follow.send_signal(signal.SIGINT)
        assert await asyncio.to_thread(follow.wait, DEADLINE) == 0


@contextmanager
def example(name: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run an example in a process of its own; it is ended with the block."""
    process = subprocess.Popen(
        [sys.executable, PACKAGE / "examples" / name, *arguments],
        env={**os.environ, "PYTHONPATH": str(PACKAGE / "src"), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def lines(file: Path) -> int:
    return file.read_text(encoding="utf-8").count("\n") if file.exists() else 0


def bookings(file: Path) -> list[str]:
    text = file.read_text(encoding="utf-8")
    written = (json.loads(line)["booking"] for line in text[: text.rfind("\n") + 1].splitlines())
    return [booking for booking in written if booking is not None]
