"""Clients that take their time: with the handshake, with a message, with a request to the status page."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress

from tests.attacks.target import Target
from tests.attacks.wire import UPGRADE, Raw, how_it_ended, raw, register
from tests.supervised import DEADLINE

WIDTH = 150
PAUSE = 0.05
"""Seconds between two bytes."""


async def slow_handshakes(target: Target) -> Counter[str]:
    """The opening handshake byte by byte, so that it is never complete."""
    endless = UPGRADE[:-2] + b"X-More: " + b"x" * 100_000
    return await _all_at_once(target.port, b"", endless)


async def slow_frames(target: Target) -> Counter[str]:
    """A message byte by byte behind a good handshake, by who never registers."""
    return await _all_at_once(target.port, UPGRADE, register("x" * 100_000))


async def slow_requests(target: Target) -> Counter[str]:
    """Requests to the status page byte by byte, and half a body, for as long as anybody would wait."""
    found: Counter[str] = Counter()
    beginnings = [
        b"GET /status.json HTTP/1.1\r\nHost: 127.0.0.1\r\nX-More: ",
        b"POST /station/api/sales HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n",
    ]

    async def be_slow(beginning: bytes) -> None:
        async with raw(target.status_port) as connection:
            await connection.send(beginning)
            with suppress(TimeoutError):
                async with asyncio.timeout(target.seconds):
                    found[await _drip(connection, b"x" * 100_000)] += 1
                    return
            found["still waited for"] += 1

    async with asyncio.TaskGroup() as tasks:
        for number in range(WIDTH):
            tasks.create_task(be_slow(beginnings[number % 2]))
    return found


async def _all_at_once(port: int, first: bytes, endless: bytes) -> Counter[str]:
    found: Counter[str] = Counter()

    async def be_slow() -> None:
        async with raw(port) as connection:
            if first and not await connection.upgrade(first):
                found["refused"] += 1
            else:
                found[await _drip(connection, endless)] += 1

    async with asyncio.timeout(DEADLINE), asyncio.TaskGroup() as tasks:
        for _ in range(WIDTH):
            tasks.create_task(be_slow())
    return found


async def _drip(connection: Raw, endless: bytes) -> str:
    """Send a byte at a time until the other end has had enough; return how it ended."""
    reading = asyncio.ensure_future(connection.rest())
    try:
        for at in range(len(endless)):
            if reading.done():
                break
            await connection.send(endless[at : at + 1])
            await asyncio.wait([reading], timeout=PAUSE)
        return how_it_ended(await reading)
    finally:
        reading.cancel()
