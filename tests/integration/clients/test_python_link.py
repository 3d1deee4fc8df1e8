"""The Python client's link: status, tokens, broadcasts, the roster."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from wasla_client import Client, CustomEvent, NoAnswer, NotConnected, Notice, QueueFull, Rejected, Sender, connect
from wasla_client.session import Session

from tests.integration.clients.gateway import DEADLINE, Gateway, Visitor, listening

pytestmark = pytest.mark.timeout(120)


async def connected(client: Client, gateway: Gateway) -> Visitor:
    waiting = asyncio.create_task(client.wait_connected())
    visitor = await gateway.visitor()
    await visitor.welcome()
    await waiting
    return visitor


async def test_the_status_says_what_is_known(gateway: Gateway) -> None:
    async with connect(gateway.url, app_name="test") as client:
        changed = asyncio.Event()
        client.on("status", lambda _: changed.set())
        before = client.status
        assert (before.connected, before.connecting, before.url, before.last_event_age) == (False, False, None, None)
        stream = client.events()
        visitor = await connected(client, gateway)
        await visitor.tell("status", database="up", since="2026-01-01T00:00:00Z")
        async with asyncio.timeout(DEADLINE):
            while client.status.database is None or client.status.latency_ms is None:
                changed.clear()
                await changed.wait()
        await visitor.event(1)
        await anext(stream)
        status = client.status
    assert (status.connected, status.connecting, status.reconnect_attempts) == (True, False, 0)
    assert (status.database, status.url) == ("up", gateway.url)
    assert status.last_event_at is not None
    assert status.last_event_age is not None
    assert 0 <= status.last_event_age < DEADLINE
    assert abs((datetime.now(UTC) - status.last_event_at).total_seconds()) < DEADLINE
    assert (client.status.connected, client.status.database) == (False, None)


async def test_each_dial_asks_for_a_token_and_so_does_its_end(gateway: Gateway) -> None:
    tokens = iter(["first", "fresh", "third"])

    async def token() -> str:
        return next(tokens)

    async with connect(gateway.url, app_name="test", token=token) as client:
        client.events()
        visitor = await gateway.visitor()
        assert (await visitor.welcome())["token"] == "first"
        await visitor.tell("token_expiring", expires_at="2026-01-01T00:00:00Z")
        assert await visitor.heard("token") == {"token": "fresh"}
        await visitor.connection.close(4003)
        assert (await (await gateway.visitor()).welcome())["token"] == "third"


async def test_a_token_that_cannot_be_had_is_tried_again(gateway: Gateway) -> None:
    asked: list[int] = []

    async def token() -> str:
        asked.append(1)
        if len(asked) == 1:
            raise LookupError("the identity provider is away")
        return "second"

    async with connect(gateway.url, app_name="test", token=token) as client:
        stream = client.events()
        assert (await (await gateway.visitor()).welcome())["token"] == "second"
        await stream.aclose()


async def test_a_broadcast_returns_when_the_gateway_has_it(gateway: Gateway) -> None:
    async with connect(gateway.url, app_name="test") as client:
        visitor = await connected(client, gateway)
        sending = asyncio.create_task(client.broadcast("RING", {"n": 1}, to={"app_name": "till"}, timeout=DEADLINE))
        data = await visitor.heard("broadcast")
        assert not sending.done()
        await visitor.tell("broadcasted", id=data.pop("id"))
        await sending
        assert data == {"event_type": "RING", "data": {"n": 1}, "to": {"app_name": "till"}}


async def test_a_rejected_broadcast_is_raised(gateway: Gateway) -> None:
    async with connect(gateway.url, app_name="test") as client:
        notices: list[Notice] = []
        client.on("notice", notices.append)
        visitor = await connected(client, gateway)
        sending = asyncio.create_task(client.broadcast("", None, timeout=DEADLINE))
        data = await visitor.heard("broadcast")
        await visitor.tell("error", code="invalid_data", reason="Too short.", in_reply_to="broadcast", id=data["id"])
        with pytest.raises(Rejected, match=r"broadcast was rejected \(invalid_data\): Too short\."):
            await sending
        assert [notice.code for notice in notices] == ["invalid_data"]


async def test_what_gets_no_answer_says_so(gateway: Gateway) -> None:
    async with connect(gateway.url, app_name="test") as client:
        visitor = await connected(client, gateway)
        with pytest.raises(NoAnswer, match=r"No answer to clients came within 0\.05 s"):
            await client.clients(timeout=0.05)
        await visitor.heard("clients")


async def test_a_mistake_of_its_own_ends_the_client_and_its_link(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mistaken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    async with connect(gateway.url, app_name="test") as client:
        stream = client.events()
        visitor = await connected(client, gateway)
        monkeypatch.setattr(Session, "tick", mistaken)
        assert client._driver is not None
        client._driver._tick()
        with pytest.raises(ZeroDivisionError):
            await anext(stream)
        async with asyncio.timeout(DEADLINE):
            await visitor.connection.wait_closed()
        monkeypatch.undo()


async def test_a_lost_link_fails_what_waits_for_its_answer(gateway: Gateway) -> None:
    async with connect(gateway.url, app_name="test") as client:
        visitor = await connected(client, gateway)
        asking = asyncio.create_task(client.clients(timeout=DEADLINE))
        await visitor.heard("clients")
        visitor.connection.transport.abort()
        with pytest.raises(NotConnected):
            await asking


async def test_a_broadcast_waits_for_a_link_only_if_asked_to(gateway: Gateway) -> None:
    async with connect(gateway.url, app_name="test", max_queued=1) as client:
        visitor = await connected(client, gateway)
        lost = asyncio.Event()
        client.on("status", lambda status: None if status.connected else lost.set())
        visitor.connection.transport.abort()
        async with asyncio.timeout(DEADLINE):
            await lost.wait()
        with pytest.raises(NotConnected):
            await client.broadcast("RING", 1)
        await client.broadcast("RING", 2, queue=True)
        with pytest.raises(QueueFull, match="1 broadcasts wait"):
            await client.broadcast("RING", 3, queue=True)
        again = await gateway.visitor()
        await again.welcome()
        assert await again.heard("broadcast") == {"event_type": "RING", "data": 2}


async def test_what_json_cannot_hold_is_refused_at_once(gateway: Gateway) -> None:
    async with connect(gateway.url, app_name="test") as client:
        visitor = await connected(client, gateway)
        with pytest.raises(TypeError):
            await client.broadcast("RING", object())
        assert visitor.is_quiet()


async def test_a_link_that_cannot_register_is_ended_and_made_again(gateway: Gateway) -> None:
    async with connect(gateway.url, app_name="test") as client:
        stream = client.events()
        visitor = await gateway.visitor()
        for _ in range(2):
            await visitor.heard("register")
            await visitor.tell("error", code="invalid_data", reason="No.", in_reply_to="register", id=None)
        async with asyncio.timeout(DEADLINE):
            await visitor.connection.wait_closed()
        await (await gateway.visitor()).welcome()
        await stream.wait_live()


async def test_custom_events_reach_their_listener(gateway: Gateway) -> None:
    async with connect(gateway.url, app_name="test") as client:
        got: asyncio.Queue[CustomEvent] = asyncio.Queue()
        client.on("custom_event", got.put_nowait)
        visitor = await connected(client, gateway)
        sender = {"client_id": "c2", "app_name": "till"}
        await visitor.tell("custom_event", event_type="RING", data=[1], **{"from": sender})
        async with asyncio.timeout(DEADLINE):
            assert await got.get() == CustomEvent("RING", [1], Sender("c2", "till"))


async def test_the_roster_names_everybody(gateway: Gateway) -> None:
    async with connect(gateway.url, app_name="test") as client:
        visitor = await connected(client, gateway)
        asking = asyncio.create_task(client.clients(timeout=DEADLINE))
        await visitor.heard("clients")
        await visitor.tell("clients", clients=[{"client_id": "c1", "app_name": "test", "gateway": "g1"}], missing=[])
        roster = await asking
    assert [(peer.client_id, peer.app_name, peer.gateway) for peer in roster.clients] == [("c1", "test", "g1")]
    assert roster.missing == ()


async def test_wake_does_not_wait_for_the_backoff() -> None:
    async with listening() as gateway, connect(gateway.url, app_name="test") as client:
        client._session._dialling.backoff._draw = lambda: 1000.0
        client.events()
        visitor = await gateway.visitor()
        await visitor.welcome()
        await client.wait_connected()
        lost = asyncio.Event()
        client.on("status", lambda status: None if status.connected else lost.set())
        visitor.connection.transport.abort()
        async with asyncio.timeout(DEADLINE):
            await lost.wait()
            client.wake()
            await gateway.visitor()


@pytest.mark.parametrize("urls", [[], "http://127.0.0.1", ["ws://a", "b"]])
def test_addresses_are_checked(urls: str | list[str]) -> None:
    with pytest.raises(ValueError, match="Expected addresses like ws://"):
        connect(urls, app_name="test")


def test_a_name_is_asked_for() -> None:
    with pytest.raises(ValueError, match="Expected an app_name of 1 to 64 characters, got 0"):
        connect("ws://a", app_name="")
