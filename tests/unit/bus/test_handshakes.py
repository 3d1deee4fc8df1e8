"""What failed handshakes are taken for, and how often they are told of."""

from __future__ import annotations

import struct

import pytest
import zmq
from structlog.testing import capture_logs

from shared.bus.handshakes import PATIENCE, Guests, Hosts, Turn, read_turn


@pytest.mark.parametrize(
    ("event", "value", "expected"),
    [
        (zmq.EVENT_HANDSHAKE_SUCCEEDED, 0, Turn.DONE),
        (zmq.EVENT_HANDSHAKE_FAILED_AUTH, 400, Turn.OTHER_KEY),
        (zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL, zmq.PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC, Turn.OTHER_KEY),
        (zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL, zmq.PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH, Turn.ONE_SIDED),
        (zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL, zmq.PROTOCOL_ERROR_ZMTP_UNSPECIFIED, Turn.BROKEN),
        (zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL, 32, Turn.BROKEN),
    ],
)
def test_events_have_a_meaning(event: int, value: int, expected: Turn) -> None:
    assert read_turn(struct.pack("=HI", event, value)) is expected


def test_guests_are_told_of_once_for_each_reason() -> None:
    guests = Guests(has_key=True)
    with capture_logs() as logs:
        for turn in [*Turn, *Turn]:
            guests.note(turn)
    assert guests.refused == {"other_key": 2, "key_on_one_side": 2, "broken": 2}
    assert [line["event"] for line in logs] == ["peer refused", "peer refused"]


def test_a_listener_that_restarts_is_not_taken_for_one_that_refuses() -> None:
    hosts = Hosts(has_key=True)
    with capture_logs() as logs:
        for _ in range(10):
            for _ in range(PATIENCE - 1):
                hosts.note("a", Turn.BROKEN)
            hosts.note("a", Turn.DONE)
    assert logs == []
    assert hosts.refusals == {"a": 10 * (PATIENCE - 1)}


def test_a_refusal_and_its_end_are_told_for_each_line() -> None:
    hosts = Hosts(has_key=False)
    with capture_logs() as logs:
        for line in ("a", "b"):
            for _ in range(3 * PATIENCE):
                hosts.note(line, Turn.BROKEN)
        hosts.note("a", Turn.DONE)
        hosts.note("a", Turn.DONE)
    assert [(line["event"], line["line"]) for line in logs] == [
        ("listener refuses us", "a"),
        ("listener refuses us", "b"),
        ("listener lets us in", "a"),
    ]
