"""What every implementation of the bus promises (shared.bus.contract)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from shared.bus.codec import encode
from shared.bus.contract import LineUnavailable, RequestTimeout
from shared.bus.messages import Batch, CatalogRequest, Done, Failed, Hello, RosterQuery
from shared.errors import BusError
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


async def heard_until_end(publisher: Any, subscriber: Any) -> list[int]:
    """Read everything that is queued, and return the seqs."""
    seqs = []
    async with asyncio.timeout(PATIENCE):
        while True:
            publisher.publish(RosterQuery("end"))  # lost as long as the queue is full
            try:
                _, message = await asyncio.wait_for(subscriber.receive(), 0.02)
            except TimeoutError:
                continue
            if isinstance(message, Batch):
                seqs.append(message.after_seq + 1)
            elif message.query_id == "end":
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


async def test_published_messages_arrive_in_order_as_they_were(bus: Any) -> None:
    line = bus.line()
    publisher, subscriber = bus.publisher(line), bus.subscriber([line])
    await join(publisher, subscriber)
    for seq in range(1, 501):
        publisher.publish(batch(seq))
    assert [await next_batch(subscriber) for _ in range(500)] == [(line, batch(seq)) for seq in range(1, 501)]


async def test_what_waits_can_be_taken_without_waiting(bus: Any) -> None:
    line = bus.line()
    publisher, subscriber = bus.publisher(line), bus.subscriber([line])
    await join(publisher, subscriber)
    for seq in range(1, 4):
        publisher.publish(batch(seq))
    taken = [await next_batch(subscriber)]
    async with asyncio.timeout(PATIENCE):
        while len(taken) < 3:
            waiting = subscriber.receive_waiting()
            if waiting is None:
                await asyncio.sleep(0.01)
            elif isinstance(waiting[1], Batch):
                taken.append(waiting)
    assert taken == [(line, batch(seq)) for seq in range(1, 4)]
    assert subscriber.receive_waiting() is None


async def test_every_subscriber_hears_everything(bus: Any) -> None:
    line = bus.line()
    publisher = bus.publisher(line)
    subscribers = [bus.subscriber([line]) for _ in range(3)]
    for subscriber in subscribers:
        await join(publisher, subscriber)
    publisher.publish(batch(7))
    assert [await next_batch(subscriber) for subscriber in subscribers] == [(line, batch(7))] * 3


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
        assert await next_batch(quick) == (line, batch(seq, size=50_000))


async def test_messages_name_their_line_and_lines_take_turns(bus: Any) -> None:
    lines = [bus.line(), bus.line()]
    first, second = (bus.publisher(line) for line in lines)
    subscriber = bus.subscriber(lines)
    assert list(subscriber.lines) == lines
    await join(first, subscriber)
    second_heard = asyncio.ensure_future(next_batch(subscriber))
    while not second_heard.done():
        second.publish(batch(1))
        await asyncio.sleep(0.01)
    assert (await second_heard)[0] == lines[1]
    first.publish(batch(2))
    while (heard := await next_batch(subscriber))[0] != lines[0]:
        pass
    assert heard == (lines[0], batch(2))


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
        publisher.publish(batch(seq))
    await next_batch(subscriber)
    task = asyncio.ensure_future(count_turns())
    for _ in range(299):
        await next_batch(subscriber)
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
            heard.append(message.after_seq + 1)
    assert heard == list(range(1, 101))


async def test_requests_are_answered_each_by_its_own_reply(bus: Any) -> None:
    line = bus.line()
    publisher, subscriber = bus.publisher(line), bus.subscriber([line])
    requests = [CatalogRequest(number) for number in range(20)]
    answers = [asyncio.ensure_future(subscriber.request(line, each, timeout=PATIENCE)) for each in requests]
    asked = [await next_asked(publisher) for _ in range(20)]
    for peer, request in reversed(asked):
        publisher.reply(peer, Failed(request.request_id, f"because {request.request_id}"))
    assert await asyncio.gather(*answers) == [Failed(number, f"because {number}") for number in range(20)]


async def test_replies_reach_the_one_who_asked(bus: Any) -> None:
    line = bus.line()
    publisher = bus.publisher(line)
    subscribers = [bus.subscriber([line]) for _ in range(3)]
    answers = [asyncio.ensure_future(each.request(line, CatalogRequest(1), timeout=PATIENCE)) for each in subscribers]
    peers = [(await next_asked(publisher))[0] for _ in range(3)]
    assert len(set(peers)) == 3
    for number, peer in enumerate(peers):
        publisher.reply(peer, Failed(1, str(number)))
    replies = await asyncio.gather(*answers)
    assert sorted(reply.reason for reply in replies) == ["0", "1", "2"]


async def test_no_answer_is_overlooked_in_a_long_dialogue(bus: Any) -> None:
    line = bus.line()
    publisher, subscriber = bus.publisher(line), bus.subscriber([line])
    serving = asyncio.ensure_future(serve(publisher))
    for number in range(2000):
        assert await subscriber.request(line, CatalogRequest(number), timeout=PATIENCE) == Done(number)
    serving.cancel()


async def test_notices_arrive_and_name_the_peer(bus: Any) -> None:
    line = bus.line()
    publisher, subscriber = bus.publisher(line), bus.subscriber([line])
    waiting = asyncio.ensure_future(next_asked(publisher))
    while not waiting.done():
        subscriber.notify(line, Hello("gateway-1"))
        await asyncio.sleep(0.01)
    peer, notice = await waiting
    assert notice == Hello("gateway-1")
    answer = asyncio.ensure_future(subscriber.request(line, CatalogRequest(5), timeout=PATIENCE))
    while isinstance((asked := await next_asked(publisher))[1], Hello):
        pass
    assert asked == (peer, CatalogRequest(5))
    publisher.reply(peer, Done(5))
    assert await answer == Done(5)


async def test_a_request_without_an_answer_times_out_and_its_late_answer_is_dropped(bus: Any) -> None:
    line = bus.line()
    publisher, subscriber = bus.publisher(line), bus.subscriber([line])
    await dialogue(publisher, subscriber, line)
    asking = asyncio.ensure_future(subscriber.request(line, CatalogRequest(1), timeout=0.5))
    peer, _ = await next_asked(publisher)
    with pytest.raises(RequestTimeout, match="did not answer within"):
        await asking
    publisher.reply(peer, Failed(1, "late"))
    answer = asyncio.ensure_future(subscriber.request(line, CatalogRequest(2), timeout=PATIENCE))
    await next_asked(publisher)
    publisher.reply(peer, Done(2))
    assert await answer == Done(2)


async def test_a_cancelled_request_is_forgotten_and_its_number_free_again(bus: Any) -> None:
    line = bus.line()
    publisher, subscriber = bus.publisher(line), bus.subscriber([line])
    asking = asyncio.ensure_future(subscriber.request(line, CatalogRequest(1), timeout=PATIENCE))
    await next_asked(publisher)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    answer = asyncio.ensure_future(subscriber.request(line, CatalogRequest(1), timeout=PATIENCE))
    peer, _ = await next_asked(publisher)
    publisher.reply(peer, Done(1))
    assert await answer == Done(1)


async def test_a_number_in_use_is_a_defect(bus: Any) -> None:
    line = bus.line()
    publisher, subscriber = bus.publisher(line), bus.subscriber([line])
    asking = asyncio.ensure_future(subscriber.request(line, CatalogRequest(1), timeout=PATIENCE))
    peer, _ = await next_asked(publisher)
    with pytest.raises(ValueError, match="in use"):
        await subscriber.request(line, CatalogRequest(1), timeout=PATIENCE)
    publisher.reply(peer, Done(1))
    assert await asking == Done(1)


async def test_an_unknown_line_is_unavailable(bus: Any) -> None:
    subscriber = bus.subscriber([bus.line()])
    with pytest.raises(LineUnavailable, match="expected one of the lines"):
        await subscriber.request("elsewhere", CatalogRequest(1), timeout=PATIENCE)
    with pytest.raises(LineUnavailable):
        subscriber.notify("elsewhere", Hello("gateway-1"))


async def test_where_nobody_is_a_request_is_unavailable_and_never_delivered_later(bus: Any) -> None:
    line = bus.line()
    subscriber = bus.subscriber([line])
    subscriber.notify(line, Hello("into the void"))
    with pytest.raises(LineUnavailable, match="could not be reached"):
        await subscriber.request(line, CatalogRequest(1), timeout=0.05)
    publisher = bus.publisher(line)
    answer = asyncio.ensure_future(subscriber.request(line, CatalogRequest(2), timeout=PATIENCE))
    peer, request = await next_asked(publisher)
    assert request == CatalogRequest(2)
    publisher.reply(peer, Done(2))
    assert await answer == Done(2)


async def test_a_listener_that_dies_with_a_request_open_lets_it_time_out(bus: Any) -> None:
    line = bus.line()
    publisher, subscriber = bus.publisher(line), bus.subscriber([line])
    await dialogue(publisher, subscriber, line)
    asking = asyncio.ensure_future(subscriber.request(line, CatalogRequest(1), timeout=0.5))
    await next_asked(publisher)
    await publisher.close()
    with pytest.raises(RequestTimeout):
        await asking


async def test_a_line_heals_when_its_listener_restarts(bus: Any) -> None:
    line = bus.line()
    subscriber = bus.subscriber([line])
    for seq in (1, 2, 3):
        publisher = bus.publisher(line)
        await join(publisher, subscriber)
        publisher.publish(batch(seq))
        assert await next_batch(subscriber) == (line, batch(seq))
        serving = asyncio.ensure_future(serve(publisher))
        assert await subscriber.request(line, CatalogRequest(seq), timeout=PATIENCE) == Done(seq)
        serving.cancel()
        await publisher.close()


async def test_one_dead_line_does_not_disturb_another(bus: Any) -> None:
    lines = [bus.line(), bus.line()]
    publisher, subscriber = bus.publisher(lines[1]), bus.subscriber(lines)
    await join(publisher, subscriber)
    publisher.publish(batch(1))
    assert await next_batch(subscriber) == (lines[1], batch(1))


async def test_a_listener_survives_its_subscribers(bus: Any) -> None:
    line = bus.line()
    publisher, gone = bus.publisher(line), bus.subscriber([line])
    asking = asyncio.ensure_future(gone.request(line, CatalogRequest(1), timeout=PATIENCE))
    peer, _ = await next_asked(publisher)
    await gone.close()
    with pytest.raises(LineUnavailable):
        await asking
    publisher.reply(peer, Done(1))
    publisher.publish(batch(1))
    subscriber = bus.subscriber([line])
    await join(publisher, subscriber)
    answer = asyncio.ensure_future(subscriber.request(line, CatalogRequest(1), timeout=PATIENCE))
    new_peer, _ = await next_asked(publisher)
    assert new_peer != peer
    publisher.reply(new_peer, Done(1))
    assert await answer == Done(1)


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


async def test_closing_the_gateways_end_ends_everything_that_waits(bus: Any) -> None:
    line, empty_line = bus.line(), bus.line()
    publisher, subscriber = bus.publisher(line), bus.subscriber([line, empty_line])
    receiving = asyncio.ensure_future(subscriber.receive())
    asking = asyncio.ensure_future(subscriber.request(line, CatalogRequest(1), timeout=PATIENCE))
    hoping = asyncio.ensure_future(subscriber.request(empty_line, CatalogRequest(1), timeout=PATIENCE))
    await next_asked(publisher)
    await subscriber.close()
    await subscriber.close()
    for waiting in (receiving, asking, hoping):
        with pytest.raises(LineUnavailable, match="closed"):
            await waiting
    with pytest.raises(LineUnavailable, match="closed"):
        await subscriber.request(line, CatalogRequest(2), timeout=PATIENCE)


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
    raw = bus.shout(line)
    junk = [b"", b"\xc1", b"not a message", encode(batch(1))[:-3], encode(Hello("wrong way")), b"\x80"]
    try:
        while not heard.done():
            for payload in [*junk, encode(batch(9))]:
                raw.send(payload)
            await asyncio.sleep(0.01)
    finally:
        raw.close()
    assert await heard == (line, batch(9))
    assert subscriber.malformed > 0


async def test_malformed_requests_are_counted_and_skipped(bus: Any) -> None:
    line = bus.line()
    publisher = bus.publisher(line)
    raw = bus.whisper(line)
    junk = [b"", b"\xc1", b"not a message", encode(batch(1)), encode(Done(1)), b"\x81\xa4type\xa4nope"]
    try:
        for payload in [*junk, encode(Hello("gateway-1"))]:
            raw.send(payload)
        assert (await next_asked(publisher))[1] == Hello("gateway-1")
    finally:
        raw.close()
    assert publisher.malformed == len(junk)
