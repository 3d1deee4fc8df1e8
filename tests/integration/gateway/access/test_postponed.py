"""Clients whose token's key is not known yet: they wait for a reading, and nobody is refused for good without one."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from services.gateway.connection import Phase
from services.gateway.service import Gateway
from tests.integration.gateway.access.conftest import Issuer
from tests.integration.gateway.access.test_keys_and_tokens import ISSUER, KEY, issued, key_set, refused
from tests.integration.gateway.conftest import ConnectClient, StartGateway
from tests.integration.gateway.fake_listener import FakeListener, until
from tests.integration.gateway.test_floods import MASK, flooder_of

SUCCESSOR = ed25519.Ed25519PrivateKey.generate()
BOTH = key_set({"first": ISSUER, "second": SUCCESSOR})
CLOSE = b"\x88\x82" + MASK + (1000).to_bytes(2, "big")
PATIENCE = 60.0


def text_frame(message_type: str, data: dict[str, Any]) -> bytes:
    payload = json.dumps({"message_type": message_type, "data": data}).encode()
    return b"\x81\xfe" + len(payload).to_bytes(2, "big") + MASK + payload


async def is_asked(issuer: Issuer, asked: int) -> None:
    await until(lambda: issuer.asked > asked, timeout=PATIENCE)


async def keys_are_read(gateway: Gateway, kids: set[str]) -> None:
    """Wait until these keys are in force and whoever waited for them had his turn."""
    tokens = gateway.tokens
    assert tokens is not None
    await until(lambda: {key.kid for key in tokens.keys} == kids, timeout=PATIENCE)
    await until(lambda: not gateway.hub.strangers, timeout=PATIENCE)


async def test_a_client_that_closes_while_it_waits_is_not_let_in(
    listener: FakeListener, start_informed: StartGateway, client_of: ConnectClient, issuer: Issuer
) -> None:
    gateway = await start_informed(close_timeout=60)
    bystander = await client_of(gateway)
    await bystander.register(token=KEY)
    issuer.gate.clear()
    issuer.body, asked = BOTH, issuer.asked
    async with flooder_of(gateway) as client:
        client.writer.write(text_frame("register", {"app_name": "x", "token": issued(SUCCESSOR, "second")}))
        await is_asked(issuer, asked)
        client.writer.write(CLOSE)
        await until(lambda: any(connection.phase is Phase.CLOSING for connection in gateway.hub.connections))
        issuer.gate.set()
        await keys_are_read(gateway, {"first", "second"})
        assert len(gateway.hub.connections) == 2
        assert len(gateway.hub.clients) == 1
        listener.insert(3)
        assert await bystander.events(3) == [1, 2, 3]


async def test_a_fresh_token_of_a_client_that_closes_is_not_watched(
    start_informed: StartGateway, client_of: ConnectClient, issuer: Issuer
) -> None:
    gateway = await start_informed(close_timeout=60)
    bystander = await client_of(gateway)
    await bystander.register(token=KEY)
    issuer.gate.clear()
    issuer.body, asked = BOTH, issuer.asked
    async with flooder_of(gateway) as client:
        client.writer.write(text_frame("register", {"app_name": "x", "token": issued(kid="first")}))
        await until(lambda: len(gateway.hub.clients) == 2)
        fresh = issued(SUCCESSOR, "second", exp=gateway.hub.clock() + 30)
        client.writer.write(text_frame("token", {"token": fresh}))
        await is_asked(issuer, asked)
        client.writer.write(CLOSE)
        await until(lambda: len(gateway.hub.clients) == 1)
        issuer.gate.set()
        await keys_are_read(gateway, {"first", "second"})
        assert not gateway.hub.gatekeeper.expiries.to_warn(gateway.hub.clock() + 3600)
        gateway.hub.sweep()


async def test_a_client_that_leaves_its_turn_is_not_let_in(start_informed: StartGateway, issuer: Issuer) -> None:
    """It closes after the keys were read and before it had its turn."""
    gateway = await start_informed(close_timeout=60)
    issuer.gate.clear()
    asked = issuer.asked
    async with flooder_of(gateway) as client:
        client.writer.write(text_frame("register", {"app_name": "x", "token": issued(SUCCESSOR, "second")}))
        await is_asked(issuer, asked)
        (connection,) = gateway.hub.connections
        gateway.hub.take_up_postponed(are_read=False)
        assert len(gateway.hub.strangers) == 1
        connection._begin_closing(None)
        await until(lambda: not gateway.hub.strangers)
        assert gateway.hub.errors == {}
        issuer.gate.set()


async def test_a_failed_reading_refuses_nobody_for_good(
    start_gateway: StartGateway, client_of: ConnectClient, issuer: Issuer
) -> None:
    gateway = await start_gateway(client_key=KEY, token_keys=issuer.address)
    inside, outside = await client_of(gateway), await client_of(gateway)
    await inside.register(token=issued(kid="first"))
    issuer.status = 503
    await outside.send("register", {"app_name": "x", "token": issued(SUCCESSOR, "second")})
    assert "try again" in await refused(outside, 4002)
    await inside.send("token", {"token": issued(SUCCESSOR, "second")})
    error = await inside.expect("error")
    assert (error["code"], error["in_reply_to"]) == ("unavailable", "token")
    issuer.status, issuer.body = 200, BOTH
    await inside.send("token", {"token": issued(SUCCESSOR, "second")})
    await inside.expect("token_accepted")


async def test_an_issuer_that_is_away_at_the_start_refuses_nobody_for_good(
    start_gateway: StartGateway, client_of: ConnectClient, issuer: Issuer
) -> None:
    issuer.status = 503
    gateway = await start_gateway(client_key=KEY, token_keys=issuer.address)
    client = await client_of(gateway)
    await client.send("register", {"app_name": "x", "token": issued(kid="first")})
    await refused(client, 4002)


async def test_who_finds_no_room_to_wait_is_told_to_come_again(
    start_informed: StartGateway, client_of: ConnectClient, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.gateway.access.gatekeeper.MAX_POSTPONED", 2)
    gateway = await start_informed(register_timeout=PATIENCE)
    issuer.gate.clear()
    issuer.body, asked = BOTH, issuer.asked
    waiting = [await client_of(gateway) for _ in range(2)]
    for client in waiting:
        await client.send("register", {"app_name": "x", "token": issued(SUCCESSOR, "second")})
        await is_asked(issuer, asked)
    third = await client_of(gateway)
    await third.send("register", {"app_name": "x", "token": issued(SUCCESSOR, "second")})
    await refused(third, 4002)
    issuer.gate.set()
    for client in waiting:
        await client.expect("registered")


async def test_a_key_is_unknown_only_after_a_reading_that_began_later(
    start_informed: StartGateway, client_of: ConnectClient, issuer: Issuer
) -> None:
    gateway = await start_informed(register_timeout=PATIENCE)
    issuer.gate.clear()
    asked = issuer.asked
    stranger, early = await client_of(gateway), await client_of(gateway)
    await stranger.send("register", {"app_name": "x", "token": issued(SUCCESSOR, "made up")})
    await is_asked(issuer, asked)
    issuer.body = BOTH  # which the answer under way does not hold
    await early.send("register", {"app_name": "x", "token": issued(SUCCESSOR, "second")})
    await until(lambda: len(gateway.hub.gatekeeper._postponed) == 1)
    issuer.gate.set()
    await refused(stranger, 4501)
    await early.expect("registered")


async def test_who_waited_has_a_strangers_turn(
    start_informed: StartGateway, client_of: ConnectClient, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = await start_informed(register_timeout=PATIENCE)
    issuer.gate.clear()
    issuer.body, asked = BOTH, issuer.asked
    waiting = [await client_of(gateway) for _ in range(20)]
    for client in waiting:
        await client.send("register", {"app_name": "x", "token": issued(SUCCESSOR, "second")})
    await is_asked(issuer, asked)
    gatekeeper = gateway.hub.gatekeeper
    await until(lambda: len(gatekeeper._postponed) + len(gatekeeper._read_for) == 20)
    at_once: list[int] = []
    take_up = gateway.hub.take_up_postponed

    def measured(*, are_read: bool) -> None:
        take_up(are_read=are_read)
        at_once.append(len(gateway.hub.clients))

    monkeypatch.setattr(gateway.hub, "take_up_postponed", measured)
    issuer.gate.set()
    for client in waiting:
        await client.expect("registered")
    assert at_once[0] == 0, "nobody is let in within the turn in which the keys were read"


async def test_an_issuer_that_never_ends_its_answer_holds_nothing(
    start_gateway: StartGateway, client_of: ConnectClient, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.gateway.access.key_source.TIMEOUT", 0.3)
    issuer.drips = True
    gateway = await start_gateway(client_key=KEY, token_keys=issuer.address)
    await (await client_of(gateway)).register(token=KEY)
    client = await client_of(gateway)
    await client.send("register", {"app_name": "x", "token": issued(kid="first")})
    await refused(client, 4002)
    issuer.drips = False
    monkeypatch.setattr("services.gateway.access.key_source.TIMEOUT", PATIENCE)
    gateway.reload()
    await keys_are_read(gateway, {"first"})


async def test_a_gateway_stops_while_its_issuer_drips(start_gateway: StartGateway, issuer: Issuer) -> None:
    issuer.drips = True
    gateway = await start_gateway(client_key=KEY, token_keys=issuer.address)
    async with asyncio.timeout(PATIENCE):
        await gateway.ready.wait()
