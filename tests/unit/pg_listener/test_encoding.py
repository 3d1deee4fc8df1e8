"""Rows become exactly these bytes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from services.pg_listener.encoding import encode_rows
from shared.events import CAPTURE_FAILED, Event

CAPTURED = datetime(2026, 3, 1, 8, 30, 0, 123456, tzinfo=UTC).timestamp()
SEQUENCED = CAPTURED + 0.004


def row(**fields: Any) -> dict[str, Any]:
    return {
        "seq": 7,
        "tx_id": "4242",
        "tx_index": 0,
        "tx_size": 1,
        "table_name": "bookings",
        "channel": "booking_events",
        "event_type": "INSERT",
        "row_id": "booking-123",
        "data": '{"id": "booking-123", "seats_booked": 2}',
        "changed": None,
        "old": None,
        "business_event": "BOOKING_CREATED",
        "captured_at": CAPTURED,
        "sequenced_at": SEQUENCED,
        "origin": "wasla-counter",
        "internal": False,
    } | fields


def encode(*rows: dict[str, Any], row_max_bytes: int = 1_000_000) -> list[Event]:
    return encode_rows(rows, published_at=1_772_354_000.5, row_max_bytes=row_max_bytes)


def test_an_insert() -> None:
    (event,) = encode(row())
    assert event.message == (
        b'{"message_type":"realtime_event","data":{"event_type":"INSERT","table":"bookings","id":"booking-123",'
        b'"timestamp":"2026-03-01T08:30:00.123Z","data":{"id": "booking-123", "seats_booked": 2},"seq":7,'
        b'"channel":"booking_events","business_event":"BOOKING_CREATED","changed":null,"old":null,'
        b'"origin":"wasla-counter","tx":{"id":"4242","index":0,"size":1}},"timestamp":"2026-03-01T08:30:00.127Z"}'
    )
    assert (event.seq, event.event_type, event.table, event.channel) == (7, "INSERT", "bookings", "booking_events")
    assert event.business_event == "BOOKING_CREATED"
    assert event.captured_at == CAPTURED
    assert not event.internal


def test_an_update_carries_what_changed_and_what_was() -> None:
    (event,) = encode(row(event_type="UPDATE", changed=["seats_booked"], old='{"seats_booked": 1}'))
    assert b'"changed":["seats_booked"],"old":{"seats_booked": 1},' in event.message


def test_a_truncate_has_no_row() -> None:
    (event,) = encode(row(event_type="TRUNCATE", row_id=None, data=None, business_event=None, origin=None))
    assert b'"id":null,' in event.message
    assert b'"data":null,"seq":7' in event.message
    assert b'"business_event":null,"changed":null,"old":null,"origin":null,' in event.message


@pytest.mark.parametrize("text", ["Moknîn, قصر هلال", 'a "quoted" \\ id', "tab\there", "\U0001f690"])
def test_text_from_the_database_is_escaped_where_it_must_be(text: str) -> None:
    (event,) = encode(row(row_id=text, origin=text))
    data = msgspec.json.decode(event.message)["data"]
    assert (data["id"], data["origin"]) == (text, text)


def test_row_json_is_passed_through_untouched() -> None:
    exact = '{"amount": 2.10, "big": 12345678901234567890123456789, "note": "\\u0041"}'
    (event,) = encode(row(data=exact))
    assert exact.encode() in event.message


def test_a_mark_has_no_message() -> None:
    (event,) = encode(row(event_type=CAPTURE_FAILED, row_id=None, data=None, business_event=None))
    assert event.message == b""
    assert event.table == "bookings"


def test_the_probes_events_are_internal_and_carry_their_hops() -> None:
    (event,) = encode(row(event_type="TEST", channel="wasla_probe", table_name="wasla.probe", internal=True))
    assert event.internal
    assert msgspec.json.decode(event.message)["data"]["hops"] == {
        "captured": CAPTURED,
        "sequenced": SEQUENCED,
        "published": 1_772_354_000.5,
    }


def test_a_channel_does_not_make_an_event_internal() -> None:
    (event,) = encode(row(channel="wasla_probe"))
    assert not event.internal
    assert "hops" not in msgspec.json.decode(event.message)["data"]


def test_a_row_beyond_the_limit_is_announced_without_its_data() -> None:
    huge = '{"note": "' + "x" * 2000 + '"}'
    within, beyond = encode(row(data=huge), row(data=huge, old=huge), row_max_bytes=3000)
    assert huge.encode() in within.message
    assert b'"id":"booking-123"' in beyond.message
    assert b'"data":null' in beyond.message
    assert b'"old":null' in beyond.message


def test_whole_seconds_keep_their_milliseconds() -> None:
    (event,) = encode(row(captured_at=datetime(2026, 3, 1, tzinfo=UTC).timestamp()))
    assert b'"timestamp":"2026-03-01T00:00:00.000Z"' in event.message
