"""The client's half of the protocol."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from services.cli.conversation import Conversation, DatabaseStatus, Happened, Registered, Resync
from services.cli.errors import StreamRefused
from shared.positions import Position


def message(message_type: str, **data: Any) -> str:
    return msgspec.json.encode(
        {"message_type": message_type, "data": data, "timestamp": "2026-01-01T00:00:00Z"}
    ).decode()


def registered(**data: Any) -> str:
    fields = {"client_id": "c1", "gateway": "g1", "epoch": "e1", "seq": 5, "resumed": False, "ping_interval": 15.0}
    return message("registered", **{**fields, **data})


def event(seq: int, **data: Any) -> str:
    fields = {"event_type": "INSERT", "table": "bookings", "id": "b1", "timestamp": "t", "channel": "booking_events"}
    return message("realtime_event", **{**fields, "seq": seq, **data})


def opening(conversation: Conversation) -> dict[str, Any]:
    decoded = msgspec.json.decode(conversation.opening(0.0), type=dict[str, Any])
    assert decoded["message_type"] == "register"
    assert decoded["timestamp"] == "1970-01-01T00:00:00.000Z"
    data: dict[str, Any] = decoded["data"]
    return data


def test_the_first_opening_asks_for_what_is_subscribed_to() -> None:
    assert opening(Conversation("me")) == {"app_name": "me"}
    subscribed = Conversation("me", {"tables": ["bookings"]})
    assert opening(subscribed) == {"app_name": "me", "subscribe": [{"id": "cli", "tables": ["bookings"]}]}


def test_the_next_opening_resumes_after_the_largest_seq_told_of() -> None:
    conversation = Conversation("me")
    conversation.receive(registered())
    assert conversation.position == Position("e1", 5)
    conversation.receive(event(9))
    assert conversation.position == Position("e1", 9)
    conversation.receive(message("position", epoch="e1", seq=12))
    assert opening(conversation)["resume"] == {"epoch": "e1", "seq": 12}


def test_a_resumed_registration_never_moves_the_position_back() -> None:
    conversation = Conversation("me")
    conversation.receive(registered(seq=12))
    conversation.receive(registered(seq=9, resumed=True))
    assert conversation.position == Position("e1", 12)


def test_a_resync_moves_the_position_to_where_it_says_and_is_told() -> None:
    conversation = Conversation("me")
    conversation.receive(registered(seq=12))
    found = conversation.receive(message("resync", reason="epoch_changed", tables=None, epoch="e2", seq=3))
    assert found == Resync("epoch_changed", "e2", 3)
    assert conversation.position == Position("e2", 3)


def test_a_gateway_that_knows_no_epoch_yet_leaves_nothing_to_resume() -> None:
    conversation = Conversation("me")
    conversation.receive(registered(epoch="", seq=0))
    assert "resume" not in opening(conversation)


def test_an_event_is_told_with_its_own_text() -> None:
    found = Conversation("me").receive(event(7, data={"n": 1}, note="unknown fields stay in the text"))
    assert isinstance(found, Happened)
    assert (found.seq, found.table, found.data) == (7, "bookings", msgspec.Raw(b'{"n":1}'))
    assert msgspec.json.decode(found.text)["note"] == "unknown fields stay in the text"


def test_a_row_with_a_number_of_thousands_of_digits_is_told() -> None:
    number = b"1" * 5001
    found = Conversation("me").receive(event(7, data=msgspec.Raw(b'{"n":%b}' % number), old=msgspec.Raw(number)))
    assert isinstance(found, Happened)
    assert bytes(found.data) == b'{"n":%b}' % number
    assert number in found.text


def test_what_a_user_is_told() -> None:
    conversation = Conversation("me")
    assert isinstance(conversation.receive(registered()), Registered)
    assert conversation.receive(message("status", database="down", since=None)) == DatabaseStatus("down")
    assert conversation.receive(message("pong", server_time="t")) is None
    assert conversation.receive(message("something_new")) is None


def test_an_error_ends_it_with_the_servers_sentence() -> None:
    with pytest.raises(StreamRefused, match="expected a watched table, got 'nope'"):
        Conversation("me").receive(
            message("error", code="unknown_table", reason="expected a watched table, got 'nope'")
        )


@pytest.mark.parametrize("text", ["", "hello", "[]", '{"data":{}}', message("registered", epoch=1)])
def test_what_is_no_message_ends_it_with_a_sentence(text: str) -> None:
    with pytest.raises(StreamRefused, match="expected a message of the Wasla protocol"):
        Conversation("me").receive(text)
