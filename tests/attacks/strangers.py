"""Connections in great number: made and left, and TLS that is begun and left."""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack

from tests.attacks.target import Target
from tests.attacks.wire import Raw, raw, register, repeatedly
from tests.supervised import DEADLINE

WIDTH = 50
HALF_OPEN = 1000


async def connect_storm(target: Target) -> Counter[str]:
    """Connections made and reset as fast as they go; some say half a word before."""
    words = _forever(b"", b"G", b"GET / HTTP/1.1\r\n", b"\x16\x03\x01")

    async def once() -> str:
        async with raw(target.port) as connection:
            await connection.send(next(words))
        return "left"

    return await repeatedly(target.seconds, WIDTH, once)


async def registration_storm(target: Target) -> Counter[str]:
    """Clients that register, want everything from the beginning, and leave."""

    async def once() -> str:
        async with raw(target.port) as connection:
            if not await connection.upgrade():
                return "refused"
            await connection.send(register(resume={"epoch": "0", "seq": 0}))
            await connection.reader.readexactly(2)
        return "left"

    return await repeatedly(target.seconds, WIDTH, once)


async def half_open_tls(target: Target) -> Counter[str]:
    """Thousands of handshakes of which the first message is sent, and the answer left unread."""
    hello = _client_hello()
    found: Counter[str] = Counter()
    async with AsyncExitStack() as stack, asyncio.timeout(DEADLINE + target.seconds):
        opened: list[Raw] = []
        for _ in range(HALF_OPEN):
            opened.append(await stack.enter_async_context(raw(target.tls_port)))
            opened[-1].writer.write(hello)
        found["begun and left"] += len(opened)
        await asyncio.sleep(target.seconds)
    return found


async def tls_all_at_once(target: Target) -> Counter[str]:
    """A thousand connections that begin their TLS handshakes at the same moment."""
    hello = _client_hello()
    async with AsyncExitStack() as stack, asyncio.timeout(DEADLINE + target.seconds):
        opened = [await stack.enter_async_context(raw(target.tls_port)) for _ in range(HALF_OPEN)]
        for connection in opened:
            connection.writer.write(hello)
        answers = await asyncio.gather(*(connection.reader.read(1) for connection in opened))
    return Counter("answered" if answer else "hung up" for answer in answers)


async def tls_handshake_storm(target: Target) -> Counter[str]:
    """TLS handshakes as fast as they go, each hung up on when the server has done its part."""
    hello = _client_hello()

    async def once() -> str:
        async with raw(target.tls_port) as connection:
            await connection.send(hello)
            return "answered" if await connection.reader.read(1) else "hung up"

    return await repeatedly(target.seconds, WIDTH, once)


async def nonsense_for_tls(target: Target) -> Counter[str]:
    """Bytes that are no TLS, and half a record, to a port that speaks it."""
    nonsense = _forever(b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\xff\xff" + bytes(500), b"\x80" * 5000)

    async def once() -> str:
        async with raw(target.tls_port) as connection:
            await connection.send(next(nonsense))
            try:
                async with asyncio.timeout(0.2):
                    await connection.rest()
            except TimeoutError:
                return "waited for"
        return "hung up"

    return await repeatedly(target.seconds, WIDTH, once)


def _client_hello() -> bytes:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="localhost")
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        return outgoing.read()
    raise AssertionError("a handshake waits for its answer")


def _forever(*words: bytes) -> Iterator[bytes]:
    while True:
        yield from words
