"""Listeners of the Python client: under which names they hear of what, and what they make it ask for."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from wasla_client import Client, Connected, CustomEvent, Disconnected, Event, GaveUp, Position, Problem, connect

from tests.integration.clients.gateway import DEADLINE, EPOCH, Gateway, Visitor

pytestmark = pytest.mark.timeout(120)

NAMES = ("realtime-event", "bookings-insert", "bookings-update", "booking-change", "insert", "test")
OF_BROADCASTS = ("custom_event", "custom-event", "ring", "booking-change")


async def flushed(client: Client, visitor: Visitor) -> None:
    """Wait until the client has dealt with all that it was told."""
    asking = asyncio.create_task(client.clients(timeout=DEADLINE))
    await visitor.heard("clients")
    await visitor.tell("clients", clients=[], missing=[])
    await asking


async def test_changes_and_broadcasts_are_told_under_all_their_names_without_a_stream(gateway: Gateway) -> None:
    told: list[tuple[str, Any]] = []
    client = connect(gateway.url, app_name="test")
    for name in dict.fromkeys((*NAMES, *OF_BROADCASTS)):
        client.on(name, lambda it, name=name: told.append((name, it)))  # type: ignore[misc]
    async with client:
        waiting = asyncio.create_task(client.wait_connected())
        visitor = await gateway.visitor()
        register = await visitor.welcome(10)
        await waiting
        await visitor.event(11)
        await visitor.event(12, table="routes", channel="routes")
        await visitor.tell("custom_event", event_type="RING", data=1, **{"from": {}})
        await flushed(client, visitor)
    assert register["subscribe"] == [{"id": "nothing"}]
    assert [(name, it.seq) for name, it in told if isinstance(it, Event)] == [
        *((name, 11) for name in ("realtime-event", "bookings-insert", "booking-change")),
        *((name, 12) for name in ("realtime-event", "insert")),
    ]
    assert [name for name, it in told if isinstance(it, CustomEvent)] == ["custom_event", "custom-event", "ring"]


async def test_listeners_hear_what_streams_ask_for_once_there_was_one(gateway: Gateway) -> None:
    told: list[int] = []
    async with connect(gateway.url, app_name="test") as client:
        waiting = asyncio.create_task(client.wait_connected())
        visitor = await gateway.visitor()
        assert (await visitor.welcome(10))["subscribe"] == [{"id": "nothing", "events": ["TEST"]}]
        await waiting
        for _ in range(2):
            remove = client.on("realtime-event", lambda event: told.append(event.seq))
            assert await visitor.heard("subscribe") == {"id": "nothing"}
            remove()
            assert await visitor.heard("subscribe") == {"id": "nothing", "events": ["TEST"]}
        client.on("realtime-event", lambda event: told.append(event.seq))
        assert await visitor.heard("subscribe") == {"id": "nothing"}
        await visitor.event(11, table="routes")
        await flushed(client, visitor)
        stream = client.events(table="bookings")
        assert await visitor.heard("subscribe") == {"id": "s1", "tables": ["bookings"]}
        assert await visitor.heard("subscribe") == {"id": "nothing", "events": ["TEST"]}
        await visitor.event(12)
        await visitor.event(13, table="routes")
        await flushed(client, visitor)
        await stream.aclose()
        assert await visitor.heard("subscribe") == {"id": "nothing", "events": ["TEST"]}
        assert await visitor.heard("unsubscribe") == {"id": "s1"}
        await visitor.event(14)
        client.on("insert", print)
        await flushed(client, visitor)
    assert told == [11, 12]


async def test_a_link_and_its_end_are_told(gateway: Gateway) -> None:
    told: list[object] = []
    client = connect(gateway.url, app_name="test")
    client.on("connected", told.append)
    client.on("disconnected", told.append)
    client.on("gave_up", told.append)
    client.on("error", told.append)
    async with client:
        stream = client.events()
        first = await gateway.visitor()
        await first.welcome(10)
        await first.connection.close(4002)
        second = await gateway.visitor()
        await second.welcome(10, resumed=True)
        await second.connection.close(4501)
        with pytest.raises(GaveUp) as caught:
            await anext(stream)
    links = [Connected("c1", "g1", is_resumed, 15.0, Position(EPOCH, 10)) for is_resumed in (False, True)]
    assert told == [
        links[0],
        Disconnected(gateway.url, 4002, "The gateway has no room for another link."),
        links[1],
        Disconnected(gateway.url, 4501, "The token was refused: obtain a valid one."),
        caught.value,
        Problem("gave_up", str(caught.value), close_code=4501),
    ]


async def test_errors_are_told_whoever_made_them(gateway: Gateway) -> None:
    tokens = iter(["", "token"])
    mistake = LookupError("the identity provider is away")

    async def token() -> str:
        if not (one := next(tokens)):
            raise mistake
        return one

    problems: list[Problem] = []
    async with connect(gateway.url, app_name="test", token=token) as client:
        client.on("error", problems.append)
        handled = asyncio.Event()

        def handler(_: object) -> None:
            handled.set()
            raise mistake

        client.subscribe(handler)
        visitor = await gateway.visitor()
        await visitor.welcome()
        await visitor.tell("error", code="invalid_data", reason="No.", in_reply_to="broadcast", id=7)
        await visitor.event(1)
        async with asyncio.timeout(DEADLINE):
            await handled.wait()
    assert [(it.code, it.cause, it.id) for it in problems] == [
        ("token_failed", mistake, None),
        ("invalid_data", None, 7),
        ("handler_failed", mistake, None),
    ]
