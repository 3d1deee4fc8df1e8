"""Whatever a client sends: a stable code and a sentence, and nobody else notices."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from services.gateway.service import Gateway
from tests.integration.gateway.client import Client
from tests.integration.gateway.conftest import ConnectClient, StartGateway
from tests.integration.gateway.fake_listener import FakeListener


def message(message_type: str, data: Any) -> str:
    return json.dumps({"message_type": message_type, "data": data})


def subscribe(**fields: Any) -> str:
    return message("subscribe", {"id": "s", **fields})


def where(column: str, **tests: Any) -> str:
    return subscribe(tables=["bookings"], where={column: tests})


CLOSING = {
    "not JSON": ("hello", "something that is not JSON"),
    "empty": ("", "something that is not JSON"),
    "half a message": ('{"message_type": "ping"', "something that is not JSON"),
    "a list": ("[]", "a message that does not fit"),
    "no message_type": ('{"data": {}}', "a message that does not fit"),
    "message_type is a number": ('{"message_type": 1}', "a message that does not fit"),
    "nested without end": ('{"message_type": "ping", "data": ' + "[" * 100_000 + "]" * 100_000 + "}", "JSON"),
    "data is a list": (message("ping", [1]), "data is no object"),
    "data is null": (message("clients", None), "data is no object"),
    "data is a string": (message("subscribe", "id"), "data is no object"),
    "binary": (b"\x00\x01", "a binary frame"),
}

ANSWERED = {
    "unknown message_type": (message("dance", {}), "unknown_message_type", "expected one of"),
    "data is missing": ('{"message_type": "subscribe"}', "invalid_data", "`id`"),
    "register twice": (message("register", {"app_name": "x"}), "already_registered", "registered already"),
    "id is a number": (message("subscribe", {"id": 1}), "invalid_data", "expected `str`"),
    "tables is a string": (subscribe(tables="bookings"), "invalid_data", "expected `array`"),
    "unknown channel": (subscribe(channels=["bookings"]), "unknown_channel", "booking_events, vehicle_events"),
    "unknown table": (subscribe(tables=["booking"]), "unknown_table", 'bookings, vehicle_queue), got "booking"'),
    "unknown event": (subscribe(events=["BOOKED"]), "unknown_event", "BOOKING_CREATED"),
    "where without a table": (subscribe(where={"id": {"eq": "1"}}), "where_without_table", "name tables or channels"),
    "unknown column": (where("destination", eq="x"), "unknown_column", '"destination"; they have destination_id'),
    "unknown operator": (where("id", like="x"), "unknown_operator", "eq, neq, in, lt"),
    "no operator": (where("id"), "unknown_operator", 'on column "id", got none'),
    "a string for a number": (where("seats_booked", eq="2"), "wrong_value_type", 'expects a number, got "2"'),
    "a number for a string": (where("id", gte=2), "wrong_value_type", "expects a string, got 2"),
    "true for a number": (where("seats_booked", eq=True), "wrong_value_type", "expects a number, got true"),
    "null for a value": (where("id", eq=None), "wrong_value_type", "expects a string, got null"),
    "an order of booleans": (where("is_paid", lt=True), "wrong_value_type", "is_null only"),
    "a test of JSON": (where("meta", eq="x"), "wrong_value_type", "is_null only"),
    "is_null of a number": (where("id", is_null=1), "wrong_value_type", "expects a boolean, got 1"),
    "in without a list": (where("id", **{"in": "x"}), "wrong_value_type", "expects a list of 1 to 100 values"),
    "in with nothing": (where("id", **{"in": []}), "wrong_value_type", "expects a list of 1 to 100 values"),
    "in with mixed values": (where("id", **{"in": ["x", 1]}), "wrong_value_type", "each a string"),
    "too many conditions": (
        subscribe(tables=["bookings"], where={name: {"neq": "x"} for name in ("id", "destination_id", "extra")}),
        "too_many_conditions",
        "at most 2 conditions in where, got 3",
    ),
    "too many subscriptions": (message("subscribe", {"id": "third"}), "too_many_subscriptions", "at most 2"),
    "unsubscribe from nothing": (message("unsubscribe", {"id": "x"}), "unknown_subscription", "id 'x'"),
    "a broadcast without a type": (message("broadcast", {"data": {}}), "invalid_data", "`event_type`"),
    "a broadcast to a number": (
        message("broadcast", {"event_type": "A", "to": 1}),
        "invalid_data",
        "expected `object`",
    ),
    "a token that is a number": (message("token", {"token": 1}), "invalid_data", "expected `str`"),
}

UNREGISTERED = {
    "subscribe first": (subscribe(), "not_registered", "send register first"),
    "broadcast first": (message("broadcast", {"event_type": "A"}), "not_registered", "send register first"),
    "clients first": (message("clients", {}), "not_registered", "send register first"),
    "no app_name": (message("register", {}), "invalid_data", "`app_name`"),
    "an empty app_name": (message("register", {"app_name": ""}), "invalid_data", "length >= 1"),
    "a long app_name": (message("register", {"app_name": "x" * 65}), "invalid_data", "length <= 64"),
    "resume without an epoch": (
        message("register", {"app_name": "x", "resume": {"seq": 1}}),
        "invalid_data",
        "`epoch`",
    ),
    "resume before the beginning": (
        message("register", {"app_name": "x", "resume": {"epoch": "epoch-1", "seq": -1}}),
        "invalid_data",
        "between 0 and 9223372036854775807",
    ),
    "resume beyond the end": (
        message("register", {"app_name": "x", "resume": {"epoch": "epoch-1", "seq": 2**63}}),
        "invalid_data",
        "between 0 and 9223372036854775807",
    ),
    "an app_name of spaces": (message("register", {"app_name": " \u00a0 "}), "invalid_data", "not only spaces"),
    "an app_name over two lines": (message("register", {"app_name": "a\nb"}), "invalid_data", "control characters"),
    "an app_name that steers a terminal": (
        message("register", {"app_name": "\x9b2J"}),
        "invalid_data",
        "control characters",
    ),
    "a subscription twice": (
        message("register", {"app_name": "x", "subscribe": [{"id": "a"}, {"id": "a", "tables": ["bookings"]}]}),
        "invalid_data",
        "came twice",
    ),
    "a bad subscription": (
        message("register", {"app_name": "x", "subscribe": [{"id": "a", "tables": ["nope"]}]}),
        "unknown_table",
        "bookings",
    ),
}

NOT_UTF8 = {
    "ping data": b'{"message_type": "ping", "data": {"a": "\xff"}}',
    "ping key": b'{"message_type": "ping", "data": {"\xff": 1}}',
    "broadcast data": b'{"message_type": "broadcast", "data": {"event_type": "A", "data": {"a": "\xff"}}}',
    "broadcast event_type": b'{"message_type": "broadcast", "data": {"event_type": "\xff"}}',
    "app_name": b'{"message_type": "register", "data": {"app_name": "\xff"}}',
    "token": b'{"message_type": "token", "data": {"token": "\xff"}}',
    "where": b'{"message_type":"subscribe","data": {"id": "s","tables": ["bookings"], "where": {"id": {"eq":"\xff"}}}}',
    "message_type": b'{"message_type": "\xff"}',
    "an unknown field": b'{"message_type": "ping", "data": {}, "more": "\xff"}',
    "a surrogate": b'{"message_type": "ping", "data": {"a": "\xed\xa0\x80"}}',
}


@pytest.fixture
async def gateway(start_gateway: StartGateway) -> Gateway:
    """Small limits, so that a table can reach them."""
    return await start_gateway(max_subscriptions=2, max_where_conditions=2)


@pytest.fixture
async def client(gateway: Gateway, client_of: ConnectClient) -> Client:
    """The client that misbehaves; connected, not registered."""
    return await client_of(gateway)


@pytest.fixture
async def bystander(gateway: Gateway, client_of: ConnectClient) -> Client:
    """Another client of the same gateway."""
    client = await client_of(gateway)
    await client.register("bystander")
    return client


@pytest.mark.parametrize(("sent", "reason"), CLOSING.values(), ids=CLOSING.keys())
async def test_what_is_no_message_is_told_and_closed(
    listener: FakeListener, client: Client, bystander: Client, sent: str | bytes, reason: str
) -> None:
    await client.socket.send(sent)
    error = await client.expect("error")
    assert error["code"] == "malformed_message"
    assert reason in error["reason"]
    assert await client.closed() == 4500
    listener.insert()
    assert await bystander.events(1) == [1]


@pytest.mark.parametrize("fragmented", [False, True], ids=["whole", "in fragments"])
@pytest.mark.parametrize("sent", NOT_UTF8.values(), ids=NOT_UTF8.keys())
async def test_what_is_not_utf8_is_told_and_closed_and_passed_on_to_nobody(
    listener: FakeListener, client: Client, bystander: Client, sent: bytes, fragmented: bool
) -> None:
    await client.register()
    await client.socket.send([sent[:40], sent[40:]] if fragmented else sent, text=True)
    error = await client.expect("error")
    assert error["code"] == "malformed_message"
    assert "not UTF-8" in error["reason"]
    assert await client.closed() == 4500
    listener.insert()
    assert await bystander.events(1) == [1]


async def test_a_character_cut_in_two_by_fragments_is_whole_again(gateway: Gateway, client_of: ConnectClient) -> None:
    client = await client_of(gateway)
    text = '{"message_type": "ping", "data": {"a": "é"}}'.encode()
    await client.socket.send([text[:41], text[41:]], text=True)
    assert (await client.expect("pong"))["a"] == "é"


async def test_data_may_be_missing(gateway: Gateway, client_of: ConnectClient) -> None:
    client = await client_of(gateway)
    await client.socket.send('{"message_type": "ping"}')
    assert list(await client.expect("pong")) == ["server_time"]


@pytest.mark.parametrize("case", ANSWERED.values(), ids=ANSWERED.keys())
async def test_what_cannot_be_carried_out_is_told_and_the_connection_goes_on(
    listener: FakeListener, client: Client, bystander: Client, case: tuple[str, str, str]
) -> None:
    sent, code, reason = case
    await client.register(subscribe=[{"id": "one"}, {"id": "two"}])
    await client.socket.send(sent)
    error = await client.expect("error")
    assert error["code"] == code
    assert reason in error["reason"]
    assert error["in_reply_to"] == json.loads(sent)["message_type"]
    listener.insert()
    assert await client.events(1) == [1]
    assert await bystander.events(1) == [1]


@pytest.mark.parametrize(("sent", "code", "reason"), UNREGISTERED.values(), ids=UNREGISTERED.keys())
async def test_a_client_that_is_not_registered_may_try_again(
    gateway: Gateway, client_of: ConnectClient, sent: str, code: str, reason: str
) -> None:
    client = await client_of(gateway)
    await client.socket.send(sent)
    error = await client.expect("error")
    assert error["code"] == code
    assert reason in error["reason"]
    assert (await client.register())["seq"] == 0


async def test_an_error_names_the_message_it_answers(gateway: Gateway, client_of: ConnectClient) -> None:
    client = await client_of(gateway)
    await client.register()
    await client.send("unsubscribe", {"id": "mine"})
    error = await client.expect("error")
    assert error["in_reply_to"] == "unsubscribe"
    assert error["id"] == "mine"


async def test_too_long_a_message_closes_with_1009(start_gateway: StartGateway, client_of: ConnectClient) -> None:
    gateway = await start_gateway(max_message_bytes=2000)
    client = await client_of(gateway)
    await client.send("ping", {"filler": "x" * 3000})
    assert await client.closed() == 1009
    assert gateway.hub.closes == {1009: 1}


async def test_fragments_are_put_together(gateway: Gateway, client_of: ConnectClient) -> None:
    client = await client_of(gateway)
    await client.socket.send(iter(['{"message_type": "ping",', ' "data": {"a"', ": 1}}"]))
    assert (await client.expect("pong"))["a"] == 1


async def test_too_many_messages_in_a_second_close_with_4503(
    start_gateway: StartGateway, client_of: ConnectClient
) -> None:
    gateway = await start_gateway(max_messages_per_second=5)
    client = await client_of(gateway)
    for _ in range(20):
        await client.send("ping", {})
    assert await client.closed() == 4503


async def test_a_broken_frame_closes_with_1002(gateway: Gateway, bystander: Client, listener: FakeListener) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(
        b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"\x81\x05hello")  # a client must mask
    received = await reader.read()
    assert received[:4] == b"\x88\x13\x03\xea"
    writer.close()
    await writer.wait_closed()
    listener.insert()
    assert await bystander.events(1) == [1]
