"""Whatever breaks, /readyz, the clients' ``status`` and ``wasla doctor`` tell the same story, also when it heals."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.databases import fresh_database
from tests.integration.monitor.pipeline import DEADLINE, ROOT, Pipeline, running_pipeline
from tests.servers import Server, only_newest

pytestmark = [only_newest, pytest.mark.timeout(400)]

SILENCE = 3.0
"""Seconds without an answer to a ping after which a client takes its link for dead."""


class Client:
    """What an application's indicator would show."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self.database = "unknown"
        self.ponged = asyncio.Event()

    async def read(self) -> None:
        async for text in self._socket:
            message = json.loads(text)
            if message["message_type"] == "status":
                self.database = message["data"]["database"]
            elif message["message_type"] == "pong":
                self.ponged.set()

    async def send(self, message_type: str, data: dict[str, Any]) -> None:
        await self._socket.send(json.dumps({"message_type": message_type, "data": data, "timestamp": "2026"}))

    async def sees(self) -> str:
        """Return ``up`` or ``down``, or ``no answer`` from a gateway that is silent."""
        self.ponged.clear()
        await self.send("ping", {})
        try:
            await asyncio.wait_for(self.ponged.wait(), SILENCE)
        except TimeoutError:
            return "no answer"
        return self.database

    async def until_it_sees(self, what: str) -> None:
        async with asyncio.timeout(DEADLINE):
            while await self.sees() != what:  # noqa: ASYNC110 - each look is a question over the network
                await asyncio.sleep(0.05)


@asynccontextmanager
async def client_of(pipeline: Pipeline) -> AsyncIterator[Client]:
    """A registered client."""
    async with connect(f"ws://127.0.0.1:{pipeline.environment['WASLA_PORT']}", ping_interval=None) as socket:
        client = Client(socket)
        reading = asyncio.create_task(client.read())
        await client.send("register", {"app_name": "agreement"})
        yield client
        reading.cancel()


async def doctor(pipeline: Pipeline, directory: Path) -> tuple[int, dict[str, str]]:
    """Return the exit code of ``wasla doctor`` and its problems, by subject."""
    configuration = directory / "supervisord.conf"
    configuration.write_text("[unix_http_server]\nfile=%(here)s/nobody.sock\n")
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "services.cli", "doctor", "--json", "-c", str(configuration)],
        cwd=ROOT,
        env=pipeline.environment,
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    assert process.returncode is not None
    findings = json.loads(output)
    return process.returncode, {found["subject"]: found["what"] for found in findings if found["level"] == "problem"}


async def until_the_doctor_says(pipeline: Pipeline, directory: Path, code: int, subjects: set[str], said: str) -> None:
    """Have it look until it finds this: on a slow machine a delivery may be late by itself, for a moment."""
    found: tuple[int, dict[str, str]] | None = None
    try:
        async with asyncio.timeout(DEADLINE):
            while True:
                found = await doctor(pipeline, directory)
                if found[0] == code and found[1].keys() >= subjects and said in found[1].get("delivery", ""):
                    return
    except TimeoutError:
        raise AssertionError(f"the doctor never said {code}, {subjects}, {said!r}; last it said {found}") from None


class Fault(NamedTuple):
    """What is broken and mended; the hop that then is missing, and what a client sees."""

    name: str
    break_it: Callable[[], Awaitable[object]]
    mend_it: Callable[[], Awaitable[object]]
    hop: str
    client_sees: str
    subjects: set[str]


def is_told_of(fault: Fault, status: dict[str, Any]) -> bool:
    is_up = "database" not in fault.subjects
    return (status["realtime"]["missing_hop"], status["database"]["up"]) == (fault.hop, is_up)


async def test_every_hop_broken_in_turn(
    private_server: Server, free_ports: Callable[[int], list[int]], tmp_path: Path
) -> None:
    async with (
        fresh_database(private_server) as url,
        running_pipeline(url, free_ports(3), tmp_path) as pipeline,
    ):

        async def execute(statement: str) -> None:
            connection = await asyncpg.connect(url)
            await connection.execute(statement)
            await connection.close()

        async def send(service: str, signum: int) -> None:
            pipeline.signal(service, signum)

        faults = [
            Fault(
                "the trigger is switched off",
                lambda: execute("ALTER TABLE wasla.probe DISABLE TRIGGER USER"),
                lambda: execute("ALTER TABLE wasla.probe ENABLE TRIGGER USER"),
                "captured",
                "up",
                {"delivery"},
            ),
            Fault(
                "pg-listener hangs",
                lambda: send("pg_listener", signal.SIGSTOP),
                lambda: send("pg_listener", signal.SIGCONT),
                "sequenced",
                "down",
                {"delivery"},
            ),
            Fault(
                "the gateway hangs",
                lambda: send("gateway", signal.SIGSTOP),
                lambda: send("gateway", signal.SIGCONT),
                "connected",
                "no answer",
                {"delivery"},
            ),
            Fault(
                "the database is stopped",
                lambda: asyncio.to_thread(private_server.stop),
                lambda: asyncio.to_thread(private_server.start),
                "captured",
                "down",
                {"delivery", "database"},
            ),
        ]
        await pipeline.until(200)
        async with client_of(pipeline) as client:
            for fault in faults:
                await client.until_it_sees("up")
                await fault.break_it()
                await pipeline.until(503, partial(is_told_of, fault))
                await client.until_it_sees(fault.client_sees)
                late = f"late at the hop {fault.hop}"
                await until_the_doctor_says(pipeline, tmp_path, 1, fault.subjects, late)
                await fault.mend_it()
                await pipeline.until(200)
                await client.until_it_sees("up")
                await until_the_doctor_says(pipeline, tmp_path, 0, set(), "")
