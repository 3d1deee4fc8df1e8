"""The process as an operator sees it: started, told to stop, killed, and beside a server that hangs."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import asyncpg
import pytest

from tests.databases import fresh_database
from tests.integration.pg_listener.bench import Bench, data
from tests.oracle.children import family
from tests.servers import Server, only_newest

ROOT = Path(__file__).resolve().parents[3]
BOOKING = (
    "INSERT INTO bookings (destination_id, vehicle_license_plate, seats_booked, total_amount) "
    "VALUES ('test-dest', 'TEST123', $1, 10.0)"
)


@pytest.fixture
async def bench(short_directory: Path) -> AsyncIterator[Bench]:
    async with AsyncExitStack() as stack:
        yield Bench(short_directory, stack)


@pytest.fixture
def processes() -> Iterator[list[subprocess.Popen[str]]]:
    """Processes to kill when the test ends."""
    started: list[subprocess.Popen[str]] = []
    yield started
    for process in started:
        process.kill()
        process.communicate()


def start(processes: list[subprocess.Popen[str]], url: str, line: str, **variables: str) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "WASLA_DATABASE_URL": url,
        "WASLA_BUS_BIND": line,
        "WASLA_HEARTBEAT_ADDRESS": f"{line}-heartbeats",
        "WASLA_LOG_FORMAT": "json",
        **variables,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "services.pg_listener"], cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
    )
    processes.append(process)
    return process


@only_newest
async def test_it_ends_in_order_when_told_to(
    bench: Bench, station_database_url: str, processes: list[subprocess.Popen[str]]
) -> None:
    line = bench.line()
    process = start(processes, station_database_url, line)
    await (await bench.reader(line)).until_leading()
    process.send_signal(signal.SIGTERM)
    _, errors = await asyncio.to_thread(process.communicate, timeout=60)
    assert process.returncode == 0
    assert '"stopped"' in errors.splitlines()[-1]
    assert "Traceback" not in errors


@only_newest
async def test_a_killed_leader_is_replaced_and_the_log_fills_the_gap(
    bench: Bench, station_database_url: str, processes: list[subprocess.Popen[str]]
) -> None:
    first, second = bench.line(), bench.line()
    leader = start(processes, station_database_url, first)
    await (await bench.reader(first)).until_leading()
    start(processes, station_database_url, second)
    reader = await bench.reader(first, second)
    await reader.until(lambda: reader.beats[second].database_up)
    writer = await asyncpg.connect(station_database_url)
    for seats in range(1, 101):
        await writer.execute(BOOKING, seats)
        if seats == 50:
            leader.kill()
    events = await reader.until_events(100, second)
    assert [data(event)["data"]["seats_booked"] for event in events] == list(range(1, 101))  # type: ignore[index]
    await reader.until_leading(second)
    before = reader.beats[first].listener
    start(processes, station_database_url, first)
    await reader.until(lambda: reader.beats[first].listener != before and reader.beats[first].top_seq == 100)
    assert not reader.beats[first].leading
    assert (await reader.replay(reader.beats[first].epoch, 0)).events == events
    await writer.close()


async def test_a_server_that_hangs_is_said_to_be_down(bench: Bench, private_server: Server) -> None:
    async with fresh_database(private_server, "station") as url:
        _, line = await bench.listener(url, listen_check_interval=0.3)
        reader = await bench.reader(line)
        await reader.until_leading()
        await reader.until(lambda: reader.beats[line].catalog_version != 0)
        writer = await asyncpg.connect(url)
        assert private_server.process is not None
        processes = family(private_server.process.pid)
        for pid in processes:
            with suppress(ProcessLookupError):  # a vacuum's worker may have gone
                os.kill(pid, signal.SIGSTOP)
        try:
            await reader.until(lambda: not reader.beats[line].database_up)
        finally:
            for pid in processes:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)
        await writer.execute(BOOKING, 1)
        await reader.until_events(1)
        await reader.until(lambda: reader.beats[line].database_up)
        await writer.close()


@only_newest
async def test_a_taken_address_is_a_sentence(
    bench: Bench, station_database_url: str, processes: list[subprocess.Popen[str]]
) -> None:
    line = bench.line()
    start(processes, station_database_url, line)
    await bench.reader(line)
    second = start(processes, station_database_url, line)
    _, errors = await asyncio.to_thread(second.communicate, timeout=60)
    assert second.returncode == 1
    assert line.removeprefix("ipc://") in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("WASLA_BUS_BIND", "tcp://0.0.0.0:8767", "wasla keys"),
        ("WASLA_BUS_BIND", "nonsense", "bus address"),
        ("WASLA_BATCH_MAX_EVENTS", "many", "WASLA_BATCH_MAX_EVENTS"),
        ("WASLA_BEAT_INTERVAL", "0", "WASLA_BEAT_INTERVAL"),
        ("WASLA_DATABASE_URL", "mysql://root@localhost/shop", "WASLA_DATABASE_URL"),
    ],
)
async def test_a_wrong_setting_ends_the_start_with_a_sentence(
    bench: Bench, processes: list[subprocess.Popen[str]], variable: str, value: str, said: str
) -> None:
    process = start(processes, "postgresql:///none?host=/nowhere", bench.line(), **{variable: value})
    _, errors = await asyncio.to_thread(process.communicate, timeout=60)
    assert process.returncode == 78
    assert said in errors
    assert "Traceback" not in errors
