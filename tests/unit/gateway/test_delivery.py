"""Delivery where exact writes matter; that nothing is lost is the state machine's to show."""

from __future__ import annotations

import json
from typing import Any

from services.gateway.chunks import CHUNK_BYTES
from services.gateway.delivery import AHEAD_PATIENCE, Delivery
from services.gateway.entries import Entry
from services.gateway.frames import payload_of, text_frame
from services.gateway.history import History
from services.gateway.readers import ReaderState
from services.gateway.ring import Ring
from services.gateway.subscriptions import EVERYTHING, Subscription
from shared.positions import Position

OTHERS = frozenset({Subscription(tables=frozenset({"others"}))})


def entry(seq: int, size: int = 100, table: str = "t") -> Entry:
    return Entry(seq, "INSERT", table, "c", None, False, text_frame(b"x" * size))


def delivery_at(seq: int) -> Delivery:
    delivery = Delivery(Ring(max_events=1000, max_bytes=10**8), History(max_pages=2, page_events=10))
    delivery.reset("e", seq, "epoch_changed", 0.0)
    return delivery


def message(frame: bytes) -> tuple[str, Any]:
    decoded = json.loads(bytes(payload_of(frame)))
    return decoded["message_type"], decoded["data"]


def test_a_group_gets_one_joined_chunk_in_one_write() -> None:
    delivery = delivery_at(0)
    written: list[bytes] = []
    for _ in range(3):
        delivery.join(written.append, EVERYTHING)
    events = [entry(1), entry(2), entry(3)]
    delivery.deliver(events)
    assert written == [b"".join(item.frame for item in events)] * 3
    assert written[0] is written[1] is written[2]
    assert delivery.counts.deliveries == 9


def test_a_write_is_never_much_longer_than_a_chunk() -> None:
    delivery = delivery_at(0)
    written: list[bytes] = []
    delivery.join(written.append, EVERYTHING)
    large = entry(101, size=100_000)
    delivery.deliver([*[entry(seq, size=1000) for seq in range(1, 101)], large, entry(102)])
    assert all(len(chunk) <= CHUNK_BYTES for chunk in written if chunk is not large.frame)
    assert sum(chunk is large.frame for chunk in written) == 1, "a large frame is shared, not copied"


def test_a_reader_that_stalls_between_two_chunks_goes_on_at_the_second() -> None:
    delivery = delivery_at(0)
    written: list[bytes] = []

    def write(chunk: bytes) -> None:
        written.append(chunk)
        if len(written) == 1:
            delivery.pause(reader)

    reader = delivery.join(write, EVERYTHING)
    events = [entry(seq, size=10_000) for seq in (1, 2, 3)]
    delivery.deliver(events)
    assert written == [events[0].frame]
    assert (reader.state, reader.cursor) == (ReaderState.PAUSED, 1)
    delivery.unpause(reader, 0.0)
    delivery.serve(100)
    assert written == [item.frame for item in events]
    assert reader.state is ReaderState.LIVE


def test_position_is_told_once_and_only_to_whom_it_is_news() -> None:
    delivery = delivery_at(0)
    told: list[bytes] = []
    everything: list[bytes] = []
    delivery.join(told.append, OTHERS)
    delivery.join(everything.append, EVERYTHING)
    delivery.tell_positions(0.0)
    assert told == []
    delivery.deliver([entry(1)])
    delivery.tell_positions(0.0)
    delivery.tell_positions(0.0)
    assert [message(frame) for frame in told] == [("position", {"epoch": "e", "seq": 1})]
    assert len(everything) == 1


def test_who_joined_at_the_top_is_not_told_it_again() -> None:
    delivery = delivery_at(0)
    delivery.join(lambda chunk: None, OTHERS)
    delivery.deliver([entry(1)])
    late: list[bytes] = []
    delivery.join(late.append, OTHERS)
    delivery.tell_positions(0.0)
    assert late == []


def test_who_caught_up_without_a_match_is_told_the_position() -> None:
    delivery = delivery_at(0)
    delivery.join(lambda chunk: None, OTHERS)
    delivery.deliver([entry(1), entry(2)])
    delivery.tell_positions(0.0)
    resumed: list[bytes] = []
    delivery.resume(resumed.append, OTHERS, Position("e", 0), now=0.0, monotonic=0.0)
    delivery.serve(100)
    assert resumed == []
    delivery.tell_positions(0.0)
    assert [message(frame) for frame in resumed] == [("position", {"epoch": "e", "seq": 2})]


def test_a_budget_serves_lagging_readers_in_turns() -> None:
    delivery = delivery_at(0)
    delivery.deliver([entry(seq, size=10_000) for seq in range(1, 5)])
    written: dict[str, list[bytes]] = {"a": [], "b": []}
    for chunks in written.values():
        delivery.resume(chunks.append, EVERYTHING, Position("e", 0), now=0.0, monotonic=0.0)
    delivery.serve(2)
    assert [len(chunks) for chunks in written.values()] == [1, 1]
    assert delivery.ready
    delivery.serve(100)
    assert [len(chunks) for chunks in written.values()] == [4, 4]
    assert not delivery.ready


def test_a_position_ahead_of_the_leader_is_given_a_second() -> None:
    delivery = delivery_at(5)
    written: list[bytes] = []
    reader = delivery.resume(written.append, EVERYTHING, Position("e", 9), now=0.0, monotonic=10.0)
    assert delivery.doubted(9, monotonic=20.0) is None
    assert delivery.doubted(5, monotonic=10.0 + AHEAD_PATIENCE / 2) is None
    assert delivery.doubted(5, monotonic=10.0 + AHEAD_PATIENCE) == 9
    delivery.reject_beyond(5, asked_at=10.0 + AHEAD_PATIENCE / 2, now=0.0)
    delivery.reject_beyond(9, asked_at=10.0 + AHEAD_PATIENCE, now=0.0)
    assert reader.state is ReaderState.AHEAD
    delivery.reject_beyond(5, asked_at=10.0 + AHEAD_PATIENCE, now=0.0)
    assert message(written[0]) == ("resync", {"reason": "epoch_changed", "tables": None, "epoch": "e", "seq": 5})
    assert reader.state is ReaderState.LIVE


def test_a_gateway_that_lost_its_place_resyncs_everybody_but_who_is_ahead() -> None:
    delivery = delivery_at(0)
    live: list[bytes] = []
    ahead: list[bytes] = []
    delivery.join(live.append, EVERYTHING)
    delivery.resume(ahead.append, EVERYTHING, Position("e", 90), now=0.0, monotonic=0.0)
    delivery.reset("e", 90, "position_expired", 0.0)
    assert message(live[0])[1]["reason"] == "position_expired"
    delivery.deliver([entry(91)])
    assert ahead == [entry(91).frame]
    assert delivery.counts.resyncs == {"position_expired": 1}


def test_a_seq_that_starts_lower_in_another_epoch_is_told_again() -> None:
    delivery = delivery_at(1000)
    written: list[bytes] = []
    delivery.join(written.append, OTHERS)
    delivery.tell_positions(0.0)
    delivery.reset("f", 0, "epoch_changed", 0.0)
    delivery.deliver([entry(1)])
    delivery.tell_positions(0.0)
    assert message(written[-1]) == ("position", {"epoch": "f", "seq": 1})
