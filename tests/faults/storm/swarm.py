"""Many clients at the price of few: bare protocols that speak just enough WebSocket, resume, and check what they get.

Each follows the rules for clients: it reconnects with full jitter, resumes from the largest position it was told, and
takes what ``resync`` says. What each receives is checked as it comes: seqs that follow one another without a hole.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass, field

import msgspec

from shared.backoff import Backoff

HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    b"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\r\nOrigin: http://localhost\r\n\r\n"
)
CONNECT_TIMEOUT = 10.0
"""Seconds until an attempt that got no answer is given up."""


class Told(msgspec.Struct):
    """The part of a message's data that a position is made of."""

    epoch: str = ""
    seq: int = 0
    gateway: str = ""
    resumed: bool = False
    reason: str = ""


class Message(msgspec.Struct):
    """What is read of a message."""

    message_type: str
    data: Told


_decode = msgspec.json.Decoder(Message).decode


def masked(text: bytes, opcode: int = 0x81) -> bytes:
    """Frame a short message as a client does; a mask of zeros leaves the payload readable."""
    head = bytes((opcode, 0x80 | len(text))) if len(text) < 126 else b"%c\xfe" % opcode + len(text).to_bytes(2, "big")
    return head + b"\0\0\0\0" + text


@dataclass(slots=True)
class Swarm:
    """Clients of one port; ``wrong`` counts what must not happen, ``found`` what did.

    ``registered_at`` has for each client the monotonic second at which it last registered, while it is connected.
    With ``table`` they ask for that table's events alone.
    """

    port: int
    table: str = ""
    first_backoff: float = 0.5
    rng: random.Random = field(default_factory=random.Random)
    clients: list[Swimmer] = field(default_factory=list)
    registered_at: dict[Swimmer, float] = field(default_factory=dict)
    wrong: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    closed: bool = False

    def grow(self, count: int) -> None:
        """Let that many more connect, a few at a time."""
        gate = asyncio.Semaphore(100)
        for _ in range(count):
            client = Swimmer(self)
            self.clients.append(client)
            self.spawn(client.begin(gate))

    def everybody_is_in(self) -> bool:
        """Tell whether every client is registered."""
        return len(self.registered_at) == len(self.clients)

    def everybody_has(self, seq: int) -> bool:
        """Tell whether every client is registered and stands at *seq*."""
        return self.everybody_is_in() and all(client.seq >= seq for client in self.clients)

    def spawn(self, coroutine: object) -> None:
        """Run something beside."""
        task = asyncio.ensure_future(coroutine)  # type: ignore[call-overload]
        self.tasks.add(task)
        task.add_done_callback(self._ended)

    async def close(self) -> None:
        """Leave."""
        self.closed = True
        for task in self.tasks:
            task.cancel()
        for client in self.clients:
            client.abort()
        await asyncio.sleep(0)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self.wrong[repr(task.exception())] += 1


class Swimmer(asyncio.Protocol):
    """One client. ``arrivals`` has when each seq came, where it is asked to keep that."""

    __slots__ = (
        "_backoff",
        "_buffer",
        "_has_left",
        "_opened",
        "_swarm",
        "arrivals",
        "epoch",
        "gateway",
        "seq",
        "transport",
    )

    def __init__(self, swarm: Swarm, *, keep_arrivals: bool = False) -> None:
        self._swarm = swarm
        self._backoff = Backoff(first=swarm.first_backoff, cap=5.0, rng=swarm.rng)
        self._buffer = b""
        self._opened = False
        self._has_left = False
        self.arrivals: dict[int, float] | None = {} if keep_arrivals else None
        self.transport: asyncio.Transport | None = None
        self.epoch = self.gateway = ""
        self.seq = 0

    async def begin(self, gate: asyncio.Semaphore) -> None:
        """Connect for the first time."""
        async with gate:
            await self.connect()

    async def connect(self) -> None:
        """Connect, for as long as it takes."""
        while True:
            try:
                async with asyncio.timeout(CONNECT_TIMEOUT):
                    await asyncio.get_running_loop().create_connection(lambda: self, "127.0.0.1", self._swarm.port)
            except (OSError, TimeoutError):
                self._swarm.found["refused"] += 1
                await asyncio.sleep(self._backoff.next_delay())
            else:
                return

    def abort(self) -> None:
        """End the connection as a dead machine does."""
        if self.transport is not None:
            self.transport.abort()

    def leave(self) -> None:
        """End the connection for good."""
        self._has_left = True
        self.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]
        self._buffer, self._opened = b"", False
        transport.write(HANDSHAKE)  # type: ignore[attr-defined]

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        self._swarm.registered_at.pop(self, None)
        if not self._swarm.closed and not self._has_left:
            self._swarm.spawn(self._return())

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._opened:
            head, found, rest = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return
            if b" 101 " not in head[:20]:
                self._swarm.wrong[head[:40].decode(errors="replace")] += 1
                self.abort()
                return
            self._opened, self._buffer = True, rest
            self._send(masked(self._register()))
        self._read_frames()

    async def _return(self) -> None:
        await asyncio.sleep(self._backoff.next_delay())
        await self.connect()

    def _send(self, frame: bytes) -> None:
        if self.transport is not None:
            self.transport.write(frame)

    def _register(self) -> bytes:
        data: dict[str, object] = {"app_name": "swarm"}
        if self._swarm.table:
            data["subscribe"] = [{"id": "one", "tables": [self._swarm.table]}]
        if self.epoch:
            data["resume"] = {"epoch": self.epoch, "seq": self.seq}
        return msgspec.json.encode({"message_type": "register", "data": data})

    def _read_frames(self) -> None:
        buffer, start = self._buffer, 0
        while len(buffer) - start >= 2:
            length, body = buffer[start + 1], start + 2
            if length == 126:
                length, body = int.from_bytes(buffer[body : body + 2], "big"), body + 2
            elif length == 127:
                length, body = int.from_bytes(buffer[body : body + 8], "big"), body + 8
            if len(buffer) < body + length:
                break
            self._frame(buffer[start], buffer[body : body + length])
            start = body + length
        self._buffer = buffer[start:]

    def _frame(self, head: int, payload: bytes) -> None:
        if head == 0x81:
            self._take(_decode(payload))
        elif head == 0x89:
            self._send(masked(payload, 0x8A))
        elif head == 0x88:
            self._swarm.found[f"closed {int.from_bytes(payload[:2], 'big')}"] += 1
            self.abort()

    def _take(self, message: Message) -> None:
        told = message.data
        match message.message_type:
            case "registered":
                self._registered(told)
            case "realtime_event":
                if told.seq != self.seq + 1:
                    self._swarm.wrong["lost" if told.seq > self.seq else "twice"] += 1
                self.seq = told.seq
                if self.arrivals is not None:
                    self.arrivals[told.seq] = time.monotonic()
            case "position":
                if self._swarm.table:
                    self.seq = told.seq
                elif told.seq > self.seq:
                    self._swarm.wrong["told a position it has not reached"] += 1
            case "resync":
                self._swarm.found["resync"] += 1
                self.epoch, self.seq = told.epoch, told.seq

            case "error":
                self._swarm.wrong[told.reason] += 1
                self.leave()

    def _registered(self, told: Told) -> None:
        swarm = self._swarm
        if not self.epoch:
            self.epoch, self.seq = told.epoch, told.seq
        else:
            swarm.found["resumed" if told.resumed else "not resumed"] += 1
        self.gateway = told.gateway
        swarm.registered_at[self] = time.monotonic()
        self._backoff.succeeded()
