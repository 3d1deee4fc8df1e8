"""Streams of the Python client: what reaches which loop, how much may wait, where a client stands."""

from __future__ import annotations

import asyncio
import gc

import pytest
from wasla_client import Client, ClientClosed, Event, EventStream, GaveUp, Position, Rejected, Resync, connect

from tests.integration.clients.gateway import DEADLINE, EPOCH, Gateway, Visitor

pytestmark = pytest.mark.timeout(120)


async def event(stream: EventStream) -> Event:
    async with asyncio.timeout(DEADLINE):
        item = await anext(stream)
    assert isinstance(item, Event), item
    return item


async def until_held(client: Client) -> None:
    """Wait until the client reads no further."""
    async with asyncio.timeout(DEADLINE):
        while not client._reception.is_full():  # noqa: ASYNC110 - nothing tells when nothing more happens
            await asyncio.sleep(0.001)


async def test_an_event_is_a_typed_object(gateway: Gateway) -> None:
    async with connect(gateway.url, app_name="test") as client:
        stream = client.events(table="bookings")
        visitor = await gateway.visitor()
        await visitor.welcome(10)
        change = {"event_type": "UPDATE", "changed": ["seats"], "old": {"seats": 1}, "data": {"id": 7, "seats": 2}}
        await visitor.event(11, **change, business_event="BOOKING_CREATED", origin="till", id="7")
        got = await event(stream)
    assert (got.table, got.id, got.seq, got.event_type) == ("bookings", "7", 11, "UPDATE")
    assert (got.changed, got.old, got.data) == (("seats",), {"seats": 1}, {"id": 7, "seats": 2})
    assert got.tx is not None
    assert (got.tx.id, got.tx.index, got.tx.size) == ("11", 0, 1)
    assert got.position == Position(EPOCH, 11)
    assert got.changed_at.microsecond == 500_000
    with pytest.raises(AttributeError):
        got.seq = 12  # type: ignore[misc]


async def test_streams_made_before_the_first_await_are_in_the_first_register(gateway: Gateway) -> None:
    async with connect(gateway.url, app_name="test", position=Position(EPOCH, 41)) as client:
        streams = [client.events(table="bookings", id="a"), client.events(tables=["routes"], events=["DELETE"], id="b")]
        register = await (await gateway.visitor()).welcome(41, resumed=True)
        assert len(streams) == 2
    assert register["resume"] == {"epoch": EPOCH, "seq": 41}
    assert register["subscribe"] == [
        {"id": "a", "tables": ["bookings"]},
        {"id": "b", "tables": ["routes"], "events": ["DELETE"]},
    ]


async def test_each_stream_gets_its_own_events(gateway: Gateway) -> None:
    async with connect(gateway.url, app_name="test") as client:
        few = client.events(table="bookings", where={"id": {"gte": 12}})
        everything = client.events()
        visitor = await gateway.visitor()
        await visitor.welcome(10)
        await visitor.event(11)
        await visitor.event(12, table="routes")
        await visitor.event(13)
        assert [(await event(everything)).seq for _ in range(3)] == [11, 12, 13]
        assert (await event(few)).seq == 13


async def test_a_resync_comes_in_its_place_to_whom_it_concerns(gateway: Gateway) -> None:
    async with connect(gateway.url, app_name="test") as client:
        told: list[Resync] = []
        client.on("resync", told.append)
        bookings, routes = client.events(table="bookings"), client.events(table="routes")
        visitor = await gateway.visitor()
        await visitor.welcome(10)
        await visitor.event(11)
        await visitor.tell("resync", reason="capture_failed", tables=["bookings"], epoch=EPOCH, seq=12)
        await visitor.event(13)
        await visitor.tell("resync", reason="epoch_changed", tables=None, epoch="e2", seq=3)
        await visitor.event(4, table="routes")
        assert (await event(bookings)).seq == 11
        assert await anext(bookings) == Resync("capture_failed", ("bookings",), Position(EPOCH, 12))
        assert (await event(bookings)).seq == 13
        assert await anext(bookings) == Resync("epoch_changed", None, Position("e2", 3))
        assert await anext(routes) == Resync("epoch_changed", None, Position("e2", 3))
        assert (await event(routes)).position == Position("e2", 4)
        assert [resync.reason for resync in told] == ["capture_failed", "epoch_changed"]


async def test_a_slow_reader_stops_the_reading_and_loses_nothing(gateway: Gateway) -> None:
    async with connect(gateway.url, app_name="test", max_waiting=10) as client:
        stream = client.events()
        visitor = await gateway.visitor()
        await visitor.welcome()
        sending = asyncio.create_task(send_events(visitor, range(1, 501)))
        await until_held(client)
        for _ in range(100):
            await asyncio.sleep(0)
        assert len(stream._waiting) == 10
        assert [(await event(stream)).seq for _ in range(500)] == list(range(1, 501))
        await sending


async def test_big_rows_count_by_their_bytes(gateway: Gateway) -> None:
    async with connect(gateway.url, app_name="test") as client:
        stream = client.events()
        visitor = await gateway.visitor()
        await visitor.welcome()
        sending = asyncio.create_task(send_events(visitor, range(1, 41), padding="x" * 2**20))
        await until_held(client)
        assert len(stream._waiting) <= 17
        assert [(await event(stream)).seq for _ in range(40)] == list(range(1, 41))
        await sending


async def test_a_question_is_answered_while_a_reader_is_behind(gateway: Gateway) -> None:
    async with connect(gateway.url, app_name="test", max_waiting=10) as client:
        stream = client.events()
        visitor = await gateway.visitor()
        await visitor.welcome()
        await send_events(visitor, range(1, 101))
        await until_held(client)
        asking = asyncio.create_task(client.clients(timeout=DEADLINE))
        await visitor.heard("clients")
        await visitor.tell("clients", clients=[], missing=["g2"])
        assert (await asking).missing == ("g2",)
        assert [(await event(stream)).seq for _ in range(100)] == list(range(1, 101))


async def test_a_stream_that_is_forgotten_stops_nobody(gateway: Gateway) -> None:
    async with connect(gateway.url, app_name="test", max_waiting=2) as client:
        kept = client.events(id="kept")
        visitor = await gateway.visitor()
        await visitor.welcome()
        await client.wait_connected()
        leaving = asyncio.create_task(leave_after_one(client))
        assert await visitor.heard("subscribe") == {"id": "left"}
        await visitor.event(1)
        await leaving
        gc.collect()
        assert await visitor.heard("unsubscribe") == {"id": "left"}
        sending = asyncio.create_task(send_events(visitor, range(2, 101)))
        assert [(await event(kept)).seq for _ in range(100)] == list(range(1, 101))
        await sending


async def leave_after_one(client: Client) -> None:
    async for _ in client.events(id="left"):
        return


async def send_events(visitor: Visitor, seqs: range, **data: object) -> None:
    for seq in seqs:
        await visitor.event(seq, data={"id": seq, **data})


async def test_leaving_a_stream_ends_its_subscription(gateway: Gateway) -> None:
    async with connect(gateway.url, app_name="test") as client:
        kept = client.events(id="kept")
        async with client.events(table="bookings", id="left"):
            visitor = await gateway.visitor()
            await visitor.welcome()
            await client.wait_connected()
        assert await visitor.heard("unsubscribe") == {"id": "left"}
        await kept.aclose()
        await kept.aclose()
        # Without any subscription a client is sent everything, after the next register at the latest.
        assert (await visitor.heard("subscribe"))["events"] == ["TEST"]
        assert await visitor.heard("unsubscribe") == {"id": "kept"}


async def test_a_client_without_a_stream_asks_for_nothing(gateway: Gateway) -> None:
    async with connect(gateway.url, app_name="test") as client:
        waiting = asyncio.create_task(client.wait_connected())
        register = await (await gateway.visitor()).welcome()
        await waiting
    assert [subscription["events"] for subscription in register["subscribe"]] == [["TEST"]]


async def test_a_stream_says_when_it_is_live(gateway: Gateway) -> None:
    async with connect(gateway.url, app_name="test") as client:
        first = client.events(id="first")
        visitor = await gateway.visitor()
        await visitor.welcome()
        await first.wait_live()
        late = client.events(table="routes", id="late")
        await visitor.heard("subscribe")
        waiting = asyncio.create_task(late.wait_live())
        await visitor.event(1)
        await event(first)
        assert not waiting.done()
        await visitor.tell("subscribed", id="late", seq=1)
        async with asyncio.timeout(DEADLINE):
            await waiting


async def test_the_position_is_that_of_what_was_processed(gateway: Gateway) -> None:
    async with connect(gateway.url, app_name="test") as client:
        fast, slow = client.events(), client.events()
        visitor = await gateway.visitor()
        await visitor.welcome(10)
        for seq in (11, 12):
            await visitor.event(seq)
        await event(fast)
        assert client.position == Position(EPOCH, 10)
        await event(slow)
        await event(fast)
        assert client.position == Position(EPOCH, 10), "the slow one holds 11 still"
        await event(slow)
        assert client.position == Position(EPOCH, 11), "both hold 12, and 11 was processed"
        await fast.aclose()
        await slow.aclose()
        assert client.position == Position(EPOCH, 12)


async def test_a_rejected_subscription_is_raised_in_its_loop_alone(gateway: Gateway) -> None:
    async with connect(gateway.url, app_name="test") as client:
        good, bad = client.events(id="good"), client.events(table="nothing", id="bad")
        visitor = await gateway.visitor()
        await visitor.heard("register")
        refusal = {"code": "unknown_table", "reason": "No such table is watched."}
        await visitor.tell("error", **refusal, in_reply_to="register", id=None)
        await visitor.welcome()
        assert await visitor.heard("subscribe") == {"id": "good"}
        assert await visitor.heard("subscribe") == {"id": "bad", "tables": ["nothing"]}
        await visitor.tell("error", **refusal, in_reply_to="subscribe", id="bad")
        with pytest.raises(Rejected, match=r"unknown_table.*No such table"):
            await event(bad)
        await visitor.event(1)
        assert (await event(good)).seq == 1


async def test_giving_up_is_raised_to_everybody_who_waits(gateway: Gateway) -> None:
    async with connect(gateway.url, app_name="test") as client:
        told: list[GaveUp] = []
        client.on("gave_up", told.append)
        stream = client.events()
        visitor = await gateway.visitor()
        await visitor.welcome()
        await visitor.event(1)
        await client.wait_connected()
        await visitor.connection.close(4501)
        assert (await event(stream)).seq == 1
        with pytest.raises(GaveUp) as caught:
            await event(stream)
        assert caught.value.code == 4501
        assert not client.status.connecting
        for question in (client.wait_connected(), client.clients()):
            with pytest.raises(GaveUp):
                await question
        assert told == [caught.value]


async def test_leaving_the_block_ends_the_loops(gateway: Gateway) -> None:
    async with connect(gateway.url, app_name="test") as client:
        reading = asyncio.create_task(count(client.events()))
        visitor = await gateway.visitor()
        await visitor.welcome()
        await visitor.event(1)
        async with asyncio.timeout(DEADLINE):
            while client.position != Position(EPOCH, 1):  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.001)
    assert await reading == 1
    with pytest.raises(ClientClosed):
        client.events()
    with pytest.raises(ClientClosed):
        await client.clients()


async def count(stream: EventStream) -> int:
    return len([item async for item in stream])


async def test_a_failing_handler_gets_the_next_item_and_harms_nobody(gateway: Gateway) -> None:
    seen: list[int] = []
    done = asyncio.Event()

    def fail(item: object) -> None:
        raise RuntimeError("a mistake of the application")

    async def keep(item: Event | Resync) -> None:
        seen.append(item.position.seq)
        if len(seen) == 2:
            done.set()
        raise RuntimeError("another")

    async with connect(gateway.url, app_name="test") as client:
        client.on("status", fail)
        end = client.subscribe(fail, table="bookings", id="fails")
        client.subscribe(keep, id="keeps")
        visitor = await gateway.visitor()
        await visitor.welcome()
        await send_events(visitor, range(1, 3))
        async with asyncio.timeout(DEADLINE):
            await done.wait()
        end()
        assert await visitor.heard("unsubscribe") == {"id": "fails"}
    assert seen == [1, 2]


@pytest.mark.parametrize(
    "mistake",
    [
        {"where": {"id": 7}},
        {"where": {"id": {"like": "a"}}},
        {"where": {"id": {"eq": object()}}},
        {"id": "used"},
        {"tabel": "bookings"},
        {"tables": "bookings"},
    ],
    ids=["no operator", "unknown operator", "no JSON", "id in use", "unknown part", "no list"],
)
async def test_a_mistake_in_a_subscription_is_raised_where_it_is_made(
    gateway: Gateway, mistake: dict[str, object]
) -> None:
    async with connect(gateway.url, app_name="test") as client:
        used = client.events(id="used")
        with pytest.raises((ValueError, TypeError)):
            client.events(**mistake)  # type: ignore[arg-type]
        await used.aclose()
