"""Clients that send more than anybody should, or ask for more."""

from __future__ import annotations

import asyncio
import zlib
from collections import Counter
from contextlib import AsyncExitStack

from tests.attacks.target import Target
from tests.attacks.wire import MASK, UPGRADE, Raw, frame, message, raw, register, repeatedly
from tests.supervised import DEADLINE

PING = b"\x89\x80" + MASK
WIDTH = 8
OFFER = UPGRADE[:-2] + b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n"


async def ping_flood(target: Target) -> Counter[str]:
    """Pings as fast as they go, on connections that come again."""
    return await _flood(target, register() + PING * 20_000)


async def message_flood(target: Target) -> Counter[str]:
    """Messages that each want an answer, as fast as they go."""
    return await _flood(target, register() + message("ping", {"filler": "x" * 200}) * 2_000)


async def subscription_flood(target: Target) -> Counter[str]:
    """A million subscriptions: as many as a frame holds, then one message after the other."""
    many = [{"id": str(number)} for number in range(10_000)]
    await _flood(target, register(subscribe=many) + message("subscribe", {"id": "one more"}) * 2_000)
    return await _flood(target, register() + b"".join(message("subscribe", {"id": str(n)}) for n in range(2_000)))


async def _flood(target: Target, what: bytes) -> Counter[str]:
    async def once() -> str:
        async with raw(target.port) as connection:
            if not await connection.upgrade():
                return "refused"
            await connection.send(what)
            return await connection.ending()

    return await repeatedly(target.seconds / 2, WIDTH, once)


async def greedy_subscribers(target: Target) -> Counter[str]:
    """Everything that is allowed, by many: a hundred subscriptions each, of conditions that no two share."""
    found: Counter[str] = Counter()
    async with AsyncExitStack() as stack, asyncio.timeout(DEADLINE + target.seconds):
        for number in range(50):
            connection = await stack.enter_async_context(raw(target.port))
            wanted = [
                {"id": str(each), "tables": ["bookings"], "where": {"total_amount": {"gt": number + each / 1000}}}
                for each in range(100)
            ]
            found[await _answer(connection, register(subscribe=wanted))] += 1
        await asyncio.sleep(target.seconds)
    return found


async def broadcasters(target: Target) -> Counter[str]:
    """As many broadcasts to everybody as a client may send messages, by many."""
    found: Counter[str] = Counter()
    async with AsyncExitStack() as stack, asyncio.timeout(DEADLINE + target.seconds):
        connections = [await stack.enter_async_context(raw(target.port)) for _ in range(10)]
        for connection in connections:
            found[await _answer(connection, register())] += 1
        for _ in range(max(1, round(target.seconds))):
            for connection in connections:
                await connection.send(message("broadcast", {"event_type": "LOUD", "data": "x" * 1000}) * 90)
            await asyncio.sleep(1.1)
    return found


async def _answer(connection: Raw, asking: bytes) -> str:
    if not await connection.upgrade():
        return "refused"
    await connection.send(asking)
    first = await connection.reader.readexactly(2)
    wide = {126: 2, 127: 8}.get(first[1], 0)
    length = int.from_bytes(await connection.reader.readexactly(wide), "big") if wide else first[1]
    said = await connection.reader.readexactly(length)
    return "registered" if b'"registered"' in said else said.decode()


async def compression_bomb(target: Target) -> Counter[str]:
    """Offer compression, and send a hundred megabytes of nothing in a hundred kilobytes, whatever was agreed on."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = frame(deflate.compress(bytes(100 * 1024 * 1024)) + deflate.flush(zlib.Z_SYNC_FLUSH), 0x80 | 0x40 | 0x01)

    async def once() -> str:
        async with raw(target.port) as connection:
            if not await connection.upgrade(OFFER):
                return "refused"
            await connection.send(bomb)
            return await connection.ending()

    return await repeatedly(target.seconds, 2, once)


async def giant_frames(target: Target) -> Counter[str]:
    """Frames that announce more than there is memory for."""

    async def once() -> str:
        async with raw(target.port) as connection:
            if not await connection.upgrade():
                return "refused"
            await connection.send(register() + b"\x81\xff" + (2**62).to_bytes(8, "big") + MASK + b"x" * 4000)
            return await connection.ending()

    return await repeatedly(target.seconds, WIDTH, once)


async def deaf_clients(target: Target) -> Counter[str]:
    """Clients that want everything, ask without end, and never read a byte."""
    question = message("ping", {"filler": "x" * 4000})
    found: Counter[str] = Counter()
    async with AsyncExitStack() as stack, asyncio.timeout(DEADLINE + target.seconds):
        connections = [await stack.enter_async_context(raw(target.port, receive_buffer=4096)) for _ in range(50)]
        for connection in connections:
            found["let in" if await connection.upgrade() else "refused"] += 1
            connection.reader._transport.pause_reading()  # type: ignore[attr-defined]
            connection.writer.write(register() + question * 90)
        await asyncio.sleep(target.seconds)
        for connection in connections:
            waiting = connection.writer.transport.get_write_buffer_size()
            found["not read from any more"] += waiting > 0
    return found
