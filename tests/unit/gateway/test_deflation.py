"""Compressed events: the same bytes for everybody, made once, and only where they are fewer."""

from __future__ import annotations

import os
import zlib

from services.gateway.deflation import WINDOW_BITS, Deflation
from services.gateway.delivery import LAGGING_BYTES, Delivery
from services.gateway.entries import Entry
from services.gateway.frames import payload_of, text_frame
from services.gateway.history import History
from services.gateway.ring import Ring
from services.gateway.subscriptions import EVERYTHING
from shared.positions import Position
from tests.unit.gateway.test_operation_counts import EPOCH, entries


def entry(payload: bytes, seq: int = 1) -> Entry:
    return Entry(seq, "INSERT", "bookings", "booking_events", None, False, text_frame(payload))


def inflated(frame: bytes) -> bytes:
    assert frame[0] == 0xC1
    return zlib.decompressobj(-WINDOW_BITS).decompress(bytes(payload_of(frame)) + b"\0\0\xff\xff")


def test_a_message_comes_out_as_it_went_in() -> None:
    for size in (10, 100, 300, 10_000, 1_000_000):
        payload = b'{"padding":"' + b"x" * size + os.urandom(size // 10).hex().encode() + b'"}'
        made = Deflation(min_bytes=1).deflated(entry(payload))
        if made.frame[0] == 0xC1:
            assert inflated(made.frame) == payload
        assert len(made.frame) <= len(text_frame(payload))
        assert made.seq == 1


def test_what_is_short_or_does_not_get_shorter_stays_as_it_is() -> None:
    deflation = Deflation(min_bytes=500)
    short, noise = entry(b"x" * 400), entry(os.urandom(1000))
    assert deflation.deflated(short) is short
    assert deflation.made == 0
    assert deflation.deflated(noise) is noise
    assert deflation.deflated(noise) is noise
    assert deflation.made == 1, "that it is not worth it is kept, too"


def test_what_is_kept_is_bounded() -> None:
    deflation = Deflation(min_bytes=1, max_bytes=20_000)
    batch = [entry(b"%d" % seq + b"x" * 1000, seq) for seq in range(50)]
    for item in batch:
        deflation.deflated(item)
    assert 0 < deflation._bytes <= 20_000
    assert deflation._bytes == sum(len(frame) + kept.size for frame, kept in deflation._kept.items())
    deflation.deflated(batch[-1])
    assert deflation.made == 50


def test_an_event_is_compressed_once_for_everybody_live_or_not() -> None:
    delivery = Delivery(
        Ring(max_events=100, max_bytes=10**8), History(max_pages=2, page_events=10), Deflation(min_bytes=100)
    )
    delivery.reset(EPOCH, 0, "epoch_changed", 0.0)
    plain: list[bytes] = []
    written: list[list[bytes]] = [[] for _ in range(200)]
    delivery.join(plain.append, EVERYTHING)
    for writes in written[:100]:
        delivery.join(writes.append, EVERYTHING, deflates=True)
    batch = entries(1, 3)
    delivery.deliver(batch)
    for writes in written[100:]:
        delivery.resume(writes.append, EVERYTHING, Position(EPOCH, 0), now=0.0, monotonic=0.0, deflates=True)
    delivery.serve(10_000)
    assert delivery.deflation.made == 3
    assert plain == [b"".join(item.frame for item in batch)]
    assert {b"".join(writes) for writes in written} == {written[0][0]}
    assert len({id(writes[0]) for writes in written[:100]}) == 1, "everybody live is handed the same bytes"
    assert len(written[0][0]) < len(plain[0])


def test_for_those_who_lag_little_is_compressed_in_a_turn_and_nothing_is_missing() -> None:
    """Where nobody live took compressed events, and where what was made is not kept any more."""
    size, readers = 20_000, 30
    delivery = Delivery(
        Ring(max_events=1000, max_bytes=10**8),
        History(max_pages=2, page_events=10),
        Deflation(min_bytes=100, max_bytes=size),
    )
    delivery.reset(EPOCH, 0, "epoch_changed", 0.0)
    batch = entries(1, readers + 50, size=size)
    delivery.deliver(batch)
    written: list[list[bytes]] = [[] for _ in range(readers)]
    for behind, writes in enumerate(written):
        delivery.resume(writes.append, EVERYTHING, Position(EPOCH, behind), now=0.0, monotonic=0.0, deflates=True)
    made = 0
    while delivery.ready:
        delivery.serve(2000)
        assert (delivery.deflation.made - made) * size <= LAGGING_BYTES
        made = delivery.deflation.made
    assert made > 0, "some is, all the same"
    for behind, writes in enumerate(written):
        assert messages(b"".join(writes)) == [bytes(payload_of(item.frame)) for item in batch[behind:]]


def messages(stream: bytes) -> list[bytes]:
    """Return the payloads of the frames that follow one another in *stream*."""
    found: list[bytes] = []
    while stream:
        length, header = stream[1], 2
        if length == 126:
            length, header = int.from_bytes(stream[2:4], "big"), 4
        frame, stream = stream[: header + length], stream[header + length :]
        found.append(inflated(frame) if frame[0] == 0xC1 else bytes(payload_of(frame)))
    return found


def test_nothing_is_compressed_for_nobody() -> None:
    delivery = Delivery(
        Ring(max_events=9, max_bytes=10**8), History(max_pages=2, page_events=10), Deflation(min_bytes=1)
    )
    delivery.reset(EPOCH, 0, "epoch_changed", 0.0)
    reader = delivery.join(lambda _: None, EVERYTHING, deflates=True)
    delivery.leave(reader)
    delivery.join(lambda _: None, EVERYTHING)
    delivery.deliver(entries(1, 3))
    assert delivery.deflation.made == 0
