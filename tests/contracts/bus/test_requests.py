"""What every implementation of the bus promises of requests and answers (shared.bus.contract)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from shared.bus.codec import encode
from shared.bus.contract import LineUnavailable, RequestTimeout
from shared.bus.messages import CatalogRequest, Done, Failed, Hello
from tests.contracts.bus.stories import PATIENCE, batch, dialogue, join, next_asked, serve


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


async def test_malformed_requests_are_counted_and_skipped(bus: Any) -> None:
    line = bus.line()
    publisher = bus.publisher(line)
    raw = await bus.whisper(line)
    junk = [b"", b"\xc1", b"not a message", encode(batch(1)), encode(Done(1)), b"\x81\xa4type\xa4nope"]
    try:
        for payload in [*junk, encode(Hello("gateway-1"))]:
            raw.send(payload)
        assert (await next_asked(publisher))[1] == Hello("gateway-1")
    finally:
        raw.close()
    assert publisher.malformed == len(junk)
