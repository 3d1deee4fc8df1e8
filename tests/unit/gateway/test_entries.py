"""From an event to a frame: passed through, stamped, or turned into a resync."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services.gateway.entries import Rows, enter
from services.gateway.frames import payload_of, text_frame
from shared.events import Event


def event(message: bytes, **fields: Any) -> Event:
    values = {"event_type": "INSERT", "table": "t", "channel": "c", "business_event": None, "captured_at": 0.0}
    return Event(seq=7, message=message, **{**values, **fields})


def test_a_message_is_passed_through_untouched() -> None:
    message = b'{"message_type":"realtime_event", "data":{"hops":{}}}'
    assert enter(event(message), epoch="e", received_at=5.0).frame == text_frame(message)


def test_a_mark_becomes_a_resync_of_its_table() -> None:
    entry = enter(event(b"", event_type="CAPTURE_FAILED"), epoch="e", received_at=0.0)
    message = json.loads(bytes(payload_of(entry.frame)))
    assert entry.is_mark
    assert message == {
        "message_type": "resync",
        "data": {"reason": "capture_failed", "tables": ["t"], "epoch": "e", "seq": 7},
        "timestamp": "1970-01-01T00:00:00.000Z",
    }


@pytest.mark.parametrize(
    ("data", "stamped"),
    [
        ({"hops": {"captured": 1.5}}, {"hops": {"captured": 1.5, "gateway": 9.25}}),
        ({"hops": None}, {"hops": None}),
        ({}, {}),
        (None, None),
    ],
)
def test_a_probe_event_gets_this_hop(data: Any, stamped: Any) -> None:
    message = json.dumps({"message_type": "realtime_event", "data": data}).encode()
    entry = enter(event(message, internal=True), epoch="e", received_at=9.25)
    assert json.loads(bytes(payload_of(entry.frame)))["data"] == stamped


@pytest.mark.parametrize(
    ("data", "old", "versions"),
    [
        (None, None, ()),
        ({"a": 1}, None, ({"a": 1},)),
        ({"a": 1}, {}, ({"a": 1},)),
        ({"a": 1, "b": 2}, {"a": 0}, ({"a": 1, "b": 2}, {"a": 0, "b": 2})),
    ],
)
def test_rows_are_the_new_one_and_the_former_one(data: Any, old: Any, versions: Any) -> None:
    message = json.dumps({"data": {"event_type": "UPDATE", "data": data, "old": old}}).encode()
    assert Rows(enter(event(message), epoch="e", received_at=0.0)).versions == versions


def test_a_row_that_cannot_be_read_counts_as_none() -> None:
    entry = enter(event(b'{"data": {"event_type": "INSERT", "data": [1]}}'), epoch="e", received_at=0.0)
    assert Rows(entry).versions == ()
