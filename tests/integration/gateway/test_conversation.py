"""Ping, tokens, broadcasts and rosters, across gateways."""

from __future__ import annotations

import pytest

from services.gateway.service import Gateway
from tests.integration.gateway.conftest import ConnectClient, StartGateway
from tests.integration.gateway.fake_listener import FakeListener, until


async def test_a_ping_is_answered_with_its_data_and_the_servers_time(
    gateway: Gateway, client_of: ConnectClient
) -> None:
    client = await client_of(gateway)
    await client.send("ping", {"a": 1, "b": ["x"]})
    pong = await client.expect("pong")
    assert pong.pop("server_time").endswith("Z")
    assert pong == {"a": 1, "b": ["x"]}


async def test_a_fresh_token_is_accepted_on_the_open_connection(gateway: Gateway, client_of: ConnectClient) -> None:
    client = await client_of(gateway)
    await client.register(token="first")
    await client.send("token", {"token": "second"})
    assert await client.expect("token_accepted") == {"expires_at": None}


async def test_a_broadcast_reaches_the_others_of_every_gateway_whatever_they_subscribed(
    listener: FakeListener, start_gateway: StartGateway, client_of: ConnectClient
) -> None:
    first, second = await start_gateway(), await start_gateway()
    sender, near, far = await client_of(first), await client_of(first), await client_of(second)
    client_id = (await sender.register("sender"))["client_id"]
    await near.register("near")
    await far.register("far", subscribe=[{"id": "s", "tables": ["bookings"]}])
    for number in range(3):
        await sender.send("broadcast", {"event_type": "NOTE", "data": {"n": number}, "id": f"id-{number}"})
    for receiver in (near, far):
        for number in range(3):
            assert await receiver.expect("custom_event") == {
                "event_type": "NOTE",
                "data": {"n": number},
                "from": {"client_id": client_id, "app_name": "sender"},
            }
    for number in range(3):
        assert await sender.expect("broadcasted") == {"id": f"id-{number}"}


async def test_the_original_name_of_a_broadcast_works_without_an_answer(
    gateway: Gateway, client_of: ConnectClient
) -> None:
    sender, other = await client_of(gateway), await client_of(gateway)
    await sender.register()
    await other.register()
    await sender.send("custom_event", {"event_type": "NOTE", "data": None})
    assert (await other.expect("custom_event"))["data"] is None
    await sender.send("ping", {})
    await sender.expect("pong")


async def test_a_broadcast_may_be_for_an_app_or_for_a_client(gateway: Gateway, client_of: ConnectClient) -> None:
    sender, gate, counter = [await client_of(gateway) for _ in range(3)]
    await sender.register("counter")
    await gate.register("gate")
    counter_id = (await counter.register("counter"))["client_id"]
    await sender.send("broadcast", {"event_type": "ONE", "data": 1, "to": {"app_name": "gate"}})
    await sender.send("broadcast", {"event_type": "TWO", "data": 2, "to": {"client_id": counter_id}})
    await sender.send("broadcast", {"event_type": "NOBODY", "data": 3, "to": {"client_id": "nobody"}, "id": 1})
    assert await sender.expect("broadcasted") == {"id": 1}
    await sender.send("broadcast", {"event_type": "ALL", "data": 4})
    assert [(await gate.expect("custom_event"))["event_type"] for _ in range(2)] == ["ONE", "ALL"]
    assert [(await counter.expect("custom_event"))["event_type"] for _ in range(2)] == ["TWO", "ALL"]


async def test_without_a_listener_a_broadcast_and_a_roster_are_unavailable(
    listener: FakeListener, start_gateway: StartGateway, client_of: ConnectClient
) -> None:
    gateway = await start_gateway(request_timeout=0.1)
    client = await client_of(gateway)
    await client.register()
    listener.answering = False
    await client.send("broadcast", {"event_type": "NOTE", "data": 1, "id": "b"})
    error = await client.expect("error")
    assert (error["code"], error["in_reply_to"], error["id"]) == ("unavailable", "broadcast", "b")
    await client.send("clients", {})
    error = await client.expect("error")
    assert (error["code"], error["in_reply_to"]) == ("unavailable", "clients")


async def test_clients_lists_everybody_of_every_gateway(
    listener: FakeListener, start_gateway: StartGateway, client_of: ConnectClient
) -> None:
    first, second = await start_gateway(), await start_gateway()
    first.hub.name, second.hub.name = "one", "two"
    await until(lambda: {"one", "two"} <= listener.gateways)
    listener.gateways &= {"one", "two"}  # what they said by their former names was heard before
    near, far = await client_of(first), await client_of(second)
    near_id = (await near.register("near"))["client_id"]
    await far.register("far")
    await near.send("clients", {})
    answer = await near.expect("clients")
    entries = {entry["app_name"]: entry for entry in answer["clients"]}
    assert set(entries) == {"near", "far"}
    assert entries["near"]["client_id"] == near_id
    assert (entries["near"]["gateway"], entries["far"]["gateway"]) == ("one", "two")
    assert entries["far"]["connected_at"].endswith("Z")
    assert entries["far"]["last_seen"] >= entries["far"]["connected_at"]


async def test_a_gateway_is_known_to_the_listeners_when_its_port_opens(
    listener: FakeListener, start_gateway: StartGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else its first clients would be missing in a list that looks whole."""
    monkeypatch.setattr("services.gateway.service.HELLO_INTERVAL", 3600.0)
    gateway = await start_gateway()
    await until(lambda: gateway.name in listener.gateways)


async def test_a_client_that_left_is_gone_from_the_roster(
    listener: FakeListener, gateway: Gateway, client_of: ConnectClient
) -> None:
    staying, leaving = await client_of(gateway), await client_of(gateway)
    await staying.register("staying")
    await leaving.register("leaving")
    await leaving.socket.close()
    await until(lambda: len(gateway.hub.clients) == 1)
    assert [entry.app_name for entry in gateway.hub.roster()] == ["staying"]
    assert gateway.hub.closes == {1000: 1}
    assert len(gateway.delivery.groups) == 1
