"""A raw connection: what it sends is bytes, and how it ended is a word."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from tests.attacks.target import ATTACKER
from tests.supervised import DEADLINE

UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
MASK = b"\0\0\0\0"
"""A mask of zeros leaves the payload readable."""


def frame(payload: bytes, first: int = 0x81) -> bytes:
    """Return a client's frame; *first* is its first byte, 0x81 a whole text."""
    length = len(payload)
    if length < 126:
        return bytes((first, 0x80 | length)) + MASK + payload
    if length < 1 << 16:
        return bytes((first, 0xFE)) + length.to_bytes(2, "big") + MASK + payload
    return bytes((first, 0xFF)) + length.to_bytes(8, "big") + MASK + payload


def message(message_type: str, data: Any) -> bytes:
    """Return the frame of one message."""
    return frame(json.dumps({"message_type": message_type, "data": data}).encode())


def register(app_name: str = "attacker", **data: Any) -> bytes:
    """Return the frame that registers."""
    return message("register", {"app_name": app_name, **data})


class Raw:
    """One connection, open or on its way to its end."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.extensions = b""

    async def upgrade(self, request: bytes = UPGRADE) -> bool:
        """Become a WebSocket; False where the door was not opened, and nothing was taken from the stream."""
        await self.send(request)
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return False
        lines = head.lower().splitlines()
        self.extensions = b"".join(line for line in lines if line.startswith(b"sec-websocket-extensions"))
        return head.startswith(b"HTTP/1.1 101 ")

    async def send(self, data: bytes) -> None:
        """Send, as far as the other end takes it: who hangs up is met when its words are read."""
        with suppress(ConnectionError):
            self.writer.write(data)
            await self.writer.drain()

    async def rest(self) -> bytes:
        """Return everything that still comes until the other end is done."""
        received = bytearray()
        with suppress(ConnectionError):
            while piece := await self.reader.read(65536):
                received += piece
        return bytes(received)

    async def ending(self) -> str:
        """Read to the end; return the close code or the HTTP status that it ended with, else ``hung up``."""
        return how_it_ended(await self.rest())

    def abort(self) -> None:
        """Leave without a word."""
        self.writer.transport.abort()


def how_it_ended(received: bytes) -> str:
    """Return the last status or close code in what came, ``hung up`` where there is none."""
    if received.startswith(b"HTTP/"):
        return received.split(b" ", 2)[1].decode()
    for first, payload in frames(received):
        if first == 0x88:
            return str(int.from_bytes(payload[:2], "big"))
    return "hung up"


def frames(received: bytes) -> list[tuple[int, bytes]]:
    """Return the complete frames of a server: first byte and payload."""
    found, at = [], 0
    while at + 2 <= len(received):
        length, body = received[at + 1], at + 2
        if length >= 126:
            wide = 2 if length == 126 else 8
            length, body = int.from_bytes(received[body : body + wide], "big"), body + wide
        if body + length > len(received):
            break
        found.append((received[at], received[body : body + length]))
        at = body + length
    return found


@asynccontextmanager
async def raw(port: int, *, receive_buffer: int | None = None, **options: Any) -> AsyncIterator[Raw]:
    """A connection from the attacker's address for the length of the block; its end is a reset."""
    sock = socket.socket()
    if receive_buffer is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_BIND_ADDRESS_NO_PORT, 1)  # type: ignore[attr-defined,unused-ignore]
    sock.bind((ATTACKER, 0))
    sock.setblocking(False)
    try:
        async with asyncio.timeout(DEADLINE):
            await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
            reader, writer = await asyncio.open_connection(sock=sock, limit=1 << 24, **options)
    except BaseException:
        sock.close()
        raise
    connection = Raw(reader, writer)
    try:
        yield connection
    finally:
        connection.abort()


async def repeatedly(seconds: float, width: int, once: Callable[[], Awaitable[str]]) -> Counter[str]:
    """Do something *width* times at a time, again and again until the time is over; count how each ended."""
    found: Counter[str] = Counter()
    end = time.monotonic() + seconds

    async def go_on() -> None:
        while True:
            found[await once()] += 1
            if time.monotonic() > end:
                return

    async with asyncio.timeout(DEADLINE + seconds), asyncio.TaskGroup() as tasks:
        for _ in range(width):
            tasks.create_task(go_on())
    return found
