"""A listener on several buses: everything is said everywhere, and answered where it was asked."""

from __future__ import annotations

import asyncio

import pytest

from shared.bus.contract import LineUnavailable
from shared.bus.memory import MemoryBus
from shared.bus.messages import CatalogRequest, Done, RosterQuery
from shared.bus.several import SeveralPublishers


async def test_what_is_published_is_heard_on_each_and_requests_are_answered_on_theirs() -> None:
    buses = [MemoryBus(), MemoryBus()]
    publisher = SeveralPublishers([bus.publisher("l") for bus in buses])
    gateways = [bus.subscriber(["l"], identity=b"g") for bus in buses]
    publisher.publish(RosterQuery("q"))
    assert [await gateway.receive() for gateway in gateways] == [("l", RosterQuery("q"))] * 2
    asking = [asyncio.ensure_future(gateway.request("l", CatalogRequest(7), timeout=60)) for gateway in gateways]
    for _ in gateways:
        peer, request = await publisher.receive()
        publisher.reply(peer, Done(request.request_id))
    assert await asyncio.gather(*asking) == [Done(7), Done(7)]
    waiting = asyncio.ensure_future(publisher.receive())
    await asyncio.sleep(0)
    await publisher.close()
    with pytest.raises(LineUnavailable):
        await waiting
