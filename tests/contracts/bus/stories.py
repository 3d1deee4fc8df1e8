"""What the stories of the bus are told with, whatever implements it."""

from __future__ import annotations

import asyncio
from typing import Any

from shared.bus.messages import Batch, CatalogRequest, Done, RosterQuery
from shared.events import Event

PATIENCE = 60.0
"""Seconds after which a test gives up; nothing is expected to take them."""


def batch(seq: int, *, size: int = 10) -> Batch:
    event = Event(seq, "INSERT", "bookings", "booking_events", None, 1.5, b"x" * size)
    return Batch(epoch="e", after_seq=seq - 1, events=[event], sequenced_at=2.5, published_at=3.5)


async def join(publisher: Any, subscriber: Any) -> None:
    """Return once what is published is heard."""
    async with asyncio.timeout(PATIENCE):
        while True:
            publisher.publish(RosterQuery("join"))
            try:
                await asyncio.wait_for(subscriber.receive(), 0.02)
            except TimeoutError:
                continue
            return


async def next_batch(subscriber: Any) -> tuple[str, Batch]:
    """Return the next batch, leaving out what :func:`join` and :func:`heard_until_end` sent."""
    async with asyncio.timeout(PATIENCE):
        while True:
            line, message = await subscriber.receive()
            if isinstance(message, Batch):
                return line, message


async def next_events(subscriber: Any, count: int) -> list[Event]:
    """Return the next events; batches may have been joined on their way."""
    events: list[Event] = []
    while len(events) < count:
        events += (await next_batch(subscriber))[1].events
    return events


async def next_query(subscriber: Any) -> tuple[str, str]:
    """Return the next roster query and its line, leaving out what :func:`join` sent."""
    async with asyncio.timeout(PATIENCE):
        while True:
            line, message = await subscriber.receive()
            if isinstance(message, RosterQuery) and message.query_id != "join":
                return line, message.query_id


async def heard_until_end(publisher: Any, subscriber: Any) -> list[int]:
    """Read everything that is queued, and return the seqs; there must be one at least."""
    seqs: list[int] = []
    async with asyncio.timeout(PATIENCE):
        while True:
            publisher.publish(RosterQuery("end"))  # lost as long as the queue is full
            try:
                _, message = await asyncio.wait_for(subscriber.receive(), 0.02)
            except TimeoutError:
                continue
            if isinstance(message, Batch):
                seqs += [event.seq for event in message.events]
            elif message.query_id == "end" and seqs:
                return seqs


async def serve(publisher: Any) -> None:
    """Answer every request by Done."""
    while True:
        peer, asked = await publisher.receive()
        if isinstance(asked, CatalogRequest):
            publisher.reply(peer, Done(asked.request_id))


async def dialogue(publisher: Any, subscriber: Any, line: str) -> None:
    """Return once the listener can be asked."""
    serving = asyncio.ensure_future(serve(publisher))
    assert await subscriber.request(line, CatalogRequest(0), timeout=PATIENCE) == Done(0)
    serving.cancel()
    await asyncio.wait([serving])


async def next_asked(publisher: Any) -> Any:
    async with asyncio.timeout(PATIENCE):
        return await publisher.receive()
