"""Bus messages as bytes."""

from __future__ import annotations

import pytest

from shared.bus import codec
from shared.bus.codec import Malformed, MessageTooLarge, decode_from_gateway, decode_published, decode_reply, encode
from shared.bus.messages import (
    Batch,
    Beat,
    Broadcast,
    BroadcastRequest,
    CatalogReply,
    CatalogRequest,
    Done,
    Failed,
    FromGateway,
    Hello,
    Published,
    Recipient,
    ReplayReply,
    ReplayRequest,
    Reply,
    RosterAnswer,
    RosterEntry,
    RosterQuery,
    RosterReply,
    RosterRequest,
    Sender,
)
from shared.catalog import Catalog, Table
from shared.events import Event

EVENT = Event(7, "INSERT", "bookings", "booking_events", "BOOKING_CREATED", 1.5, b'{"\xc3\xa9":1}')
MARK = Event(8, "CAPTURE_FAILED", "bookings", "booking_events", None, 1.5, b"", internal=True)
BROADCAST = Broadcast("b1", "ANNOUNCEMENT", b"{}", Sender("c1", "counter"), Recipient(app_name="gate"))
CLIENT = RosterEntry("c1", "counter", "gateway-00", 1.0, 2.0)

PUBLISHED: list[Published] = [
    Batch("e", 6, [EVENT, MARK], 2.5, 3.5),
    Beat("l", True, "e", 7, True, 1.0, 3, 2.0),
    BROADCAST,
    RosterQuery("q"),
]
FROM_GATEWAY: list[FromGateway] = [
    Hello("gateway-00"),
    ReplayRequest(1, "e", 6, 100, 1000),
    BroadcastRequest(2, BROADCAST),
    RosterRequest(3),
    CatalogRequest(4),
    RosterAnswer("q", "gateway-00", [CLIENT]),
]
REPLIES: list[Reply] = [
    ReplayReply(1, "e", 6, [EVENT, MARK], 8),
    ReplayReply(1, "e", 6, [], 8, expired=True),
    RosterReply(3, [CLIENT], ["gateway-01"]),
    CatalogReply(4, 3, Catalog({"bookings": Table("booking_events", {"id": "string"})})),
    Done(2),
    Failed(2, "the database does not answer"),
]


@pytest.mark.parametrize("message", PUBLISHED, ids=repr)
def test_published_messages_come_back(message: Published) -> None:
    assert decode_published(encode(message)) == message


@pytest.mark.parametrize("message", FROM_GATEWAY, ids=repr)
def test_requests_and_notices_come_back(message: FromGateway) -> None:
    assert decode_from_gateway(encode(message)) == message


@pytest.mark.parametrize("message", REPLIES, ids=repr)
def test_replies_come_back(message: Reply) -> None:
    assert decode_reply(encode(message)) == message


@pytest.mark.parametrize("decode", [decode_published, decode_from_gateway, decode_reply])
@pytest.mark.parametrize(
    "payload",
    [b"", b"\xc1", b"text", b"\x80", b"\x81\xa4type\xa4nope", encode(RosterQuery("q")) + b"x", b"\x91" * 5000],
)
def test_anything_else_is_malformed(decode: object, payload: bytes) -> None:
    assert callable(decode)
    with pytest.raises(Malformed, match="expected a bus message, but "):
        decode(payload)


def test_a_message_of_another_direction_is_malformed() -> None:
    with pytest.raises(Malformed):
        decode_published(encode(Done(1)))
    with pytest.raises(Malformed):
        decode_from_gateway(encode(RosterQuery("q")))
    with pytest.raises(Malformed):
        decode_reply(encode(Hello("gateway-00")))


def test_a_message_that_no_peer_would_read_is_refused_where_it_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codec, "MAX_MESSAGE_BYTES", 50)
    with pytest.raises(MessageTooLarge, match=r"at most 50 bytes, got \d+ in a Batch; send fewer or smaller"):
        encode(PUBLISHED[0])
