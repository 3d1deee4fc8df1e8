"""Resuming: every matching event after the position, once; or one resync."""

from __future__ import annotations

import time

import pytest

from services.gateway import delivery
from services.gateway.service import Gateway
from shared.bus.messages import Beat, ReplayRequest
from tests.integration.gateway.conftest import ConnectClient, StartGateway
from tests.integration.gateway.fake_listener import FakeListener, event, until


async def test_a_client_goes_on_from_the_ring(
    listener: FakeListener, gateway: Gateway, client_of: ConnectClient
) -> None:
    first = await client_of(gateway)
    await first.register()
    listener.insert(5)
    await first.events(5)
    second = await client_of(gateway)
    registered = await second.register(resume={"epoch": "epoch-1", "seq": 2})
    assert (registered["resumed"], registered["seq"]) == (True, 2)
    assert await second.events(3) == [3, 4, 5]
    listener.insert()
    assert await second.events(1) == [6]
    assert gateway.delivery.counts.resumes == {"ring": 1}


async def test_a_client_goes_on_at_another_gateway_from_the_log(
    listener: FakeListener, start_gateway: StartGateway, client_of: ConnectClient
) -> None:
    listener.insert(3000)
    gateway = await start_gateway()
    client = await client_of(gateway)
    registered = await client.register(resume={"epoch": "epoch-1", "seq": 10})
    assert registered["resumed"] is True
    listener.insert(5)
    assert await client.events(2995) == list(range(11, 3006))
    assert gateway.delivery.counts.resumes == {"log": 1}


async def test_many_clients_share_the_pages_they_go_on_from(
    listener: FakeListener, start_gateway: StartGateway, client_of: ConnectClient
) -> None:
    listener.insert(2000)
    gateway = await start_gateway()
    clients = [await client_of(gateway) for _ in range(20)]
    for number, client in enumerate(clients):
        await client.register(resume={"epoch": "epoch-1", "seq": 100 + number})
    for number, client in enumerate(clients):
        assert await client.events(1900 - number) == list(range(101 + number, 2001))
    replays = [request for request in listener.asked if type(request).__name__ == "ReplayRequest"]
    assert len(replays) < 20


async def test_an_expired_position_is_told_once(
    listener: FakeListener, start_gateway: StartGateway, client_of: ConnectClient
) -> None:
    listener.insert(100)
    listener.expired_before = 50
    gateway = await start_gateway()
    client = await client_of(gateway)
    await client.register(resume={"epoch": "epoch-1", "seq": 10})
    data = await client.expect("resync")
    assert data == {"reason": "position_expired", "tables": None, "epoch": "epoch-1", "seq": 100}
    listener.insert(2)
    assert await client.events(2) == [101, 102]


@pytest.mark.parametrize("seq", [3, 5_000])
async def test_another_epochs_position_is_told_to_reload(
    listener: FakeListener, gateway: Gateway, client_of: ConnectClient, seq: int
) -> None:
    client = await client_of(gateway)
    registered = await client.register(resume={"epoch": "another", "seq": seq})
    assert registered["resumed"] is False
    assert await client.expect("resync") == {"reason": "epoch_changed", "tables": None, "epoch": "epoch-1", "seq": 0}
    listener.insert()
    assert await client.events(1) == [1]


async def test_a_position_from_the_future_is_told_to_reload(
    listener: FakeListener, gateway: Gateway, client_of: ConnectClient
) -> None:
    client = await client_of(gateway)
    registered = await client.register(resume={"epoch": "epoch-1", "seq": 2**63 - 1})
    assert registered["resumed"] is False
    assert await client.expect("resync") == {"reason": "epoch_changed", "tables": None, "epoch": "epoch-1", "seq": 0}
    listener.insert()
    assert await client.events(1) == [1]


async def test_a_position_this_gateway_has_not_reached_yet_is_waited_for(
    listener: FakeListener, gateway: Gateway, client_of: ConnectClient
) -> None:
    """A client that moves between gateways may have seen more than the new one."""
    client = await client_of(gateway)
    registered = await client.register(resume={"epoch": "epoch-1", "seq": 2})
    assert (registered["seq"], registered["resumed"]) == (2, False)
    listener.insert(4)
    assert await client.events(2) == [3, 4]


async def test_what_a_leader_said_before_the_client_came_does_not_speak_against_it(
    listener: FakeListener, gateway: Gateway, client_of: ConnectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gateway that stood still has old beats before it; its client has been elsewhere meanwhile."""
    monkeypatch.setattr(delivery, "AHEAD_PATIENCE", 0.0)
    listener.insert(5)
    await until(lambda: gateway.delivery.ring.top == 5)
    beat, listener.beat = listener.beat, lambda: None
    old = Beat("fake", True, "epoch-1", 5, True, listener.since, 1, time.time())
    client = await client_of(gateway)
    await client.register(resume={"epoch": "epoch-1", "seq": 9})
    listener.publisher.publish(old)
    listener.events += [event(seq) for seq in range(6, 10)]  # which this gateway has not heard of yet
    await until(lambda: any(isinstance(asked, ReplayRequest) and asked.after_seq == 9 for asked in listener.asked))
    listener.beat = beat
    listener.insert(2)
    assert await client.events(2) == [10, 11]


async def test_a_replay_that_fails_is_asked_again(
    listener: FakeListener, start_gateway: StartGateway, client_of: ConnectClient
) -> None:
    listener.insert(20)
    gateway = await start_gateway(replay_timeout=0.1)
    listener.answering = False
    client = await client_of(gateway)
    await client.register(resume={"epoch": "epoch-1", "seq": 15})
    await until(lambda: any(type(request).__name__ == "ReplayRequest" for request in listener.asked))
    listener.answering = True
    assert await client.events(5) == [16, 17, 18, 19, 20]


async def test_a_filter_holds_for_what_is_resumed(
    listener: FakeListener, gateway: Gateway, client_of: ConnectClient
) -> None:
    for number in range(6):
        listener.insert(row={"id": str(number), "seats_booked": number})
    await until(lambda: gateway.delivery.ring.top == 6)
    client = await client_of(gateway)
    subscription = {"id": "s", "tables": ["bookings"], "where": {"seats_booked": {"in": [1, 4]}}}
    await client.register(resume={"epoch": "epoch-1", "seq": 0}, subscribe=[subscription])
    assert await client.events(2) == [2, 5]
