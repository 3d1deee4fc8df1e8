"""What every implementation of the bus promises of what is published (shared.bus.contract)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from shared.bus.codec import encode
from shared.bus.contract import LineUnavailable
from shared.bus.messages import Batch, CatalogRequest, Done, Hello, RosterQuery
from shared.errors import BusError
from tests.contracts.bus.stories import (
    PATIENCE,
    batch,
    heard_until_end,
    join,
    next_batch,
    next_events,
    next_query,
    serve,
)


async def test_published_messages_arrive_in_order_as_they_were(bus: Any) -> None:
    line = bus.line()
    publisher, subscriber = bus.publisher(line), bus.subscriber([line])
    await join(publisher, subscriber)
    for seq in range(1, 501):
        publisher.publish(batch(seq))
    assert await next_events(subscriber, 500) == [event for seq in range(1, 501) for event in batch(seq).events]
    publisher.publish(batch(501))
    assert await next_batch(subscriber) == (bus.stream or line, batch(501))


async def test_what_waits_can_be_taken_without_waiting(bus: Any) -> None:
    line = bus.line()
    publisher, subscriber = bus.publisher(line), bus.subscriber([line])
    await join(publisher, subscriber)
    for seq in range(1, 4):
        publisher.publish(batch(seq))
    taken = await next_events(subscriber, 1)
    async with asyncio.timeout(PATIENCE):
        while len(taken) < 3:
            waiting = subscriber.receive_waiting()
            if waiting is None:
                await asyncio.sleep(0.01)
            elif isinstance(waiting[1], Batch):
                assert waiting[0] == bus.stream or line
                taken += waiting[1].events
    assert taken == [event for seq in range(1, 4) for event in batch(seq).events]
    assert subscriber.receive_waiting() is None


async def test_every_subscriber_hears_everything(bus: Any) -> None:
    line = bus.line()
    publisher = bus.publisher(line)
    subscribers = [bus.subscriber([line]) for _ in range(3)]
    for subscriber in subscribers:
        await join(publisher, subscriber)
    publisher.publish(batch(7))
    assert [await next_batch(subscriber) for subscriber in subscribers] == [(bus.stream or line, batch(7))] * 3


async def test_a_subscriber_that_does_not_read_loses_messages_but_never_order_nor_blocks(bus: Any) -> None:
    line = bus.line()
    publisher, subscriber = bus.publisher(line, high_water_mark=8), bus.subscriber([line], high_water_mark=8)
    await join(publisher, subscriber)
    for seq in range(1, 2001):
        publisher.publish(batch(seq, size=50_000))
    heard = await heard_until_end(publisher, subscriber)
    assert 0 < len(heard) < 2000
    assert heard == sorted(set(heard))


async def test_a_slow_subscriber_costs_another_nothing(bus: Any) -> None:
    line = bus.line()
    publisher = bus.publisher(line, high_water_mark=200)
    slow, quick = bus.subscriber([line], high_water_mark=8), bus.subscriber([line], high_water_mark=200)
    await join(publisher, slow)
    await join(publisher, quick)
    for seq in range(1, 1001):
        publisher.publish(batch(seq, size=50_000))
        assert await next_batch(quick) == (bus.stream or line, batch(seq, size=50_000))


async def test_messages_name_their_line_and_lines_take_turns(bus: Any) -> None:
    lines = [bus.line(), bus.line()]
    first, second = (bus.publisher(line) for line in lines)
    subscriber = bus.subscriber(lines)
    assert list(subscriber.lines) == lines
    await join(first, subscriber)
    second_heard = asyncio.ensure_future(next_query(subscriber))
    while not second_heard.done():
        second.publish(RosterQuery("2"))
        await asyncio.sleep(0.01)
    assert await second_heard == (lines[1], "2")
    first.publish(RosterQuery("1"))
    while (heard := await next_query(subscriber)) == (lines[1], "2"):
        pass
    assert heard == (lines[0], "1")


async def test_a_flood_leaves_other_tasks_their_turns(bus: Any) -> None:
    line = bus.line()
    publisher, subscriber = bus.publisher(line), bus.subscriber([line])
    await join(publisher, subscriber)
    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    for seq in range(1, 301):
        publisher.publish(RosterQuery(str(seq)))
    await next_query(subscriber)
    task = asyncio.ensure_future(count_turns())
    for _ in range(299):
        await next_query(subscriber)
    task.cancel()
    assert turns >= 30


async def test_cancelling_receive_loses_nothing(bus: Any) -> None:
    line = bus.line()
    publisher, subscriber = bus.publisher(line), bus.subscriber([line])
    await join(publisher, subscriber)
    heard: list[int] = []
    seq = 0
    while len(heard) < 100:
        waiting = asyncio.ensure_future(subscriber.receive())
        await asyncio.sleep(0)
        if seq < 100:
            seq += 1
            publisher.publish(batch(seq))
        await asyncio.sleep(0.0005 * (seq % 3))
        waiting.cancel()
        await asyncio.wait([waiting])
        if not waiting.cancelled() and isinstance(message := waiting.result()[1], Batch):
            heard += [event.seq for event in message.events]
    assert heard == list(range(1, 101))


async def test_a_line_heals_when_its_listener_restarts(bus: Any) -> None:
    line = bus.line()
    subscriber = bus.subscriber([line])
    for seq in (1, 2, 3):
        publisher = bus.publisher(line)
        await join(publisher, subscriber)
        publisher.publish(batch(seq))
        assert await next_batch(subscriber) == (bus.stream or line, batch(seq))
        serving = asyncio.ensure_future(serve(publisher))
        assert await subscriber.request(line, CatalogRequest(seq), timeout=PATIENCE) == Done(seq)
        serving.cancel()
        await publisher.close()


async def test_one_dead_line_does_not_disturb_another(bus: Any) -> None:
    lines = [bus.line(), bus.line()]
    publisher, subscriber = bus.publisher(lines[1]), bus.subscriber(lines)
    await join(publisher, subscriber)
    publisher.publish(batch(1))
    assert await next_batch(subscriber) == (bus.stream or lines[1], batch(1))


@pytest.mark.parametrize("bus", ["memory", "ipc", "tcp", "curve"], indirect=True)
async def test_a_taken_line_is_refused_with_a_sentence(bus: Any) -> None:
    line = bus.line()
    publisher = bus.publisher(line)
    with pytest.raises(BusError, match=r"is taken by another .*; .* another"):
        bus.publisher(line)
    subscriber = bus.subscriber([line])
    await join(publisher, subscriber)


async def test_closing_the_listener_ends_its_receive_and_quiets_it(bus: Any) -> None:
    line = bus.line()
    publisher, subscriber = bus.publisher(line), bus.subscriber([line])
    await join(publisher, subscriber)
    receiving = asyncio.ensure_future(publisher.receive())
    await asyncio.sleep(0)
    await publisher.close()
    await publisher.close()
    with pytest.raises(LineUnavailable, match="closed"):
        await receiving
    publisher.publish(batch(1))
    publisher.reply(b"whoever", Done(1))


async def test_closing_does_not_wait_for_peers_that_do_not_read(bus: Any) -> None:
    line = bus.line()
    publisher, subscriber = bus.publisher(line), bus.subscriber([line])
    await join(publisher, subscriber)
    for seq in range(1, 900):
        publisher.publish(batch(seq, size=50_000))
    async with asyncio.timeout(PATIENCE):
        await publisher.close()
        await subscriber.close()


async def test_malformed_publications_are_counted_and_skipped(bus: Any) -> None:
    line = bus.line()
    subscriber = bus.subscriber([line])
    heard = asyncio.ensure_future(next_batch(subscriber))
    raw = await bus.shout(line)
    junk = [b"", b"\xc1", b"not a message", encode(batch(1))[:-3], encode(Hello("wrong way")), b"\x80"]
    try:
        while not heard.done():
            for payload in [*junk, encode(batch(9))]:
                raw.send(payload)
            await asyncio.sleep(0.01)
    finally:
        raw.close()
    assert await heard == (bus.stream or line, batch(9))
    assert subscriber.malformed > 0
