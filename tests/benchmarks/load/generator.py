"""Starts and asks the load: ``load.c``, compiled when first needed."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from tests.benchmarks.pinning import onto

SOURCES = Path(__file__).parent
ANSWER_TIMEOUT = 120.0
DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"
"""The header by which clients offer to take compressed events, as browsers write it."""


@dataclass(frozen=True, slots=True)
class Approach:
    """How a client comes in: ``framing`` is websocket, nats or bare; client i sends ``greetings[i % len]``.

    It takes part once a message held ``ready``.
    """

    framing: str = "websocket"
    path: str = "/"
    headers: Sequence[str] = ()
    greetings: Sequence[bytes] = ()
    ready: str = ""

    def handshake(self, port: int) -> bytes:
        """Return the opening request (RFC 6455 section 4.1)."""
        lines = [
            f"GET {self.path} HTTP/1.1",
            f"Host: 127.0.0.1:{port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version: 13",
            f"Origin: http://127.0.0.1:{port}",
            *self.headers,
        ]
        return "".join(line + "\r\n" for line in [*lines, ""]).encode("ascii")


class Progress(msgspec.Struct):
    """How far the clients are since the last mark: all events, and those of the client with fewest and most."""

    live: int
    gone: int
    events: int
    least: int
    most: int


class Mark(Progress):
    """Everything since the last mark; latencies in milliseconds, ``cpu`` and ``wall`` in seconds."""

    bytes: int
    reads: int
    disorder: int
    missing: int
    wall: float
    cpu: float
    p50: float
    p90: float
    p99: float
    max: float


class Entered(msgspec.Struct):
    """All clients take part, *seconds* after the first began to connect."""

    clients: int
    seconds: float
    cpu: float


@dataclass(slots=True)
class Load:
    """A running load, all of whose clients take part."""

    process: asyncio.subprocess.Process
    entered: Entered = field(default_factory=lambda: Entered(0, 0.0, 0.0))

    async def progress(self) -> Progress:
        """Return how far the clients are."""
        return msgspec.json.decode(await self._ask(b"progress\n"), type=Progress)

    async def mark(self) -> Mark:
        """Return everything since the last mark and begin anew."""
        return msgspec.json.decode(await self._ask(b"mark\n"), type=Mark)

    async def all_have(self, events: int, seconds: float) -> None:
        """Wait until every client has that many events since the last mark; raise TimeoutError after *seconds*."""
        await self._until(lambda progress: progress.least >= events, f"{events} events at every client", seconds)

    async def have(self, deliveries: int, seconds: float) -> None:
        """Wait until there were that many deliveries in all since the last mark."""
        await self._until(lambda progress: progress.events >= deliveries, f"{deliveries} deliveries", seconds)

    async def _until(self, reached: Callable[[Progress], bool], what: str, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not reached(progress := await self.progress()):
            if time.monotonic() > deadline:
                raise TimeoutError(f"expected {what} within {seconds:g} s, got {progress}")
            await asyncio.sleep(0.001)

    async def _ask(self, question: bytes) -> bytes:
        assert self.process.stdin is not None
        self.process.stdin.write(question)
        return await self._line()

    async def _line(self) -> bytes:
        assert self.process.stdout is not None
        async with asyncio.timeout(ANSWER_TIMEOUT):
            line = await self.process.stdout.readline()
        if not line:
            raise RuntimeError("the load ended early; what it said is above")
        return line

    async def enter(self) -> None:
        """Wait until all clients take part."""
        self.entered = msgspec.json.decode(await self._line(), type=Entered)


@contextlib.asynccontextmanager
async def load(
    approach: Approach, port: int, clients: int, directory: Path, *, core: int | None, concurrency: int = 64
) -> AsyncIterator[Load]:
    """Run the load until the block ends; begins when all clients take part."""
    handshake, greetings = directory / "handshake", directory / "greetings"
    handshake.write_bytes(approach.handshake(port))
    greetings.write_bytes(b"".join(len(text).to_bytes(4, "little") + text for text in approach.greetings))
    process = await asyncio.create_subprocess_exec(
        compiled("load", directory), str(port), str(clients), str(concurrency), approach.framing, handshake, greetings,
        approach.ready, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, preexec_fn=onto(core),
    )  # fmt: skip
    try:
        running = Load(process)
        await running.enter()
        yield running
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def compiled(name: str, directory: Path) -> Path:
    """Return the program made from ``name.c``, in *directory*."""
    program = directory / name
    if not program.exists():
        subprocess.run([compiler(), "-O2", "-o", program, SOURCES / f"{name}.c"], check=True)
    return program


def compiler() -> str:
    """Return the C compiler; the load is written in C so that it is not what is measured."""
    found = shutil.which("cc") or shutil.which("gcc")
    if found is None:
        raise FileNotFoundError("expected a C compiler as cc, found none: apt-get install gcc libc6-dev")
    return found


def masked(text: bytes, opcode: int = 1) -> bytes:
    """Frame a client's message; a mask of zeros leaves the payload as it is."""
    if len(text) < 126:
        head = bytes((0x80 | opcode, 0x80 | len(text)))
    elif len(text) < 65536:
        head = bytes((0x80 | opcode, 0xFE)) + len(text).to_bytes(2, "big")
    else:
        head = bytes((0x80 | opcode, 0xFF)) + len(text).to_bytes(8, "big")
    return head + b"\0\0\0\0" + text
