"""Families 9, 10, 12 and 13: the longest there may be, many small ones, and what was not agreed on."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from services.gateway.incoming import MAX_FRAGMENTS
from tests.conformance.case import Case, close, echo, fragments, message, message_of, pieces, pong, text
from tests.fuzz import wire

MAX_MESSAGE_BYTES: Final = 262_144
"""The default of WASLA_MAX_MESSAGE_BYTES, which these cases hold the gateway to."""


def longest() -> Iterator[Case]:
    """A message as long as may be, in frames of every size, and one byte more."""
    whole = message_of(MAX_MESSAGE_BYTES)
    said = echo("x" * (MAX_MESSAGE_BYTES - len(message(""))))
    yield Case("9.1 the longest message", "10.4", [text(whole)], [said])
    for size in (64, 1024, 65_536):
        parts = pieces(whole, max(size, MAX_MESSAGE_BYTES // MAX_FRAGMENTS))
        yield Case(f"9.3 the same in {len(parts)} fragments", "5.4", [b"".join(fragments(parts))], [said])
        yield Case(f"9.5 the same in pieces of {size} bytes", "5.2", pieces(text(whole), size), [said])
    too_long = text(message_of(MAX_MESSAGE_BYTES + 1))
    yield Case("9.2 a byte too long", "10.4", [too_long[:100]], [close(1009)])
    in_two = fragments(pieces(message_of(MAX_MESSAGE_BYTES + 1), MAX_MESSAGE_BYTES // 2 + 1))
    yield Case("9.4 a byte too long, in fragments", "10.4", in_two, [close(1009)])
    for length in (1 << 31, 1 << 40, (1 << 63) - 1):
        announced = text(b"", length_bytes=8, announced=length)
        yield Case(f"9.6 {length} bytes announced", "10.4", [announced], [close(1009)])
    many = fragments([*[b""] * (MAX_FRAGMENTS - 1), message("x")])
    yield Case("9.7 as many fragments as may be", "10.4", [b"".join(many)], [echo("x")])
    more = fragments([*[b""] * MAX_FRAGMENTS, message("x")])
    yield Case("9.8 a fragment too many", "10.4", [b"".join(more)], [close(1009)])
    pings = [wire.frame(wire.PING, struct.pack(">I", number)) for number in range(500)]
    yield Case("9.9 five hundred pings", "5.5.3", [b"".join(pings)], [pong(struct.pack(">I", n)) for n in range(500)])


def divided() -> Iterator[Case]:
    """Family 10: a long message as programs divide it that send as soon as they have something."""
    whole = message_of(65_536)
    parts = [b"".join(fragments(pieces(whole, 1300)))]
    yield Case("10.1 64 KiB in fragments of 1300 bytes", "5.4", parts, [echo("x" * (65_536 - len(message(""))))])


def compressed() -> Iterator[Case]:
    """Families 12 and 13: compression is never agreed on (see the handshake), so a compressed frame is a broken one."""
    deflated = b"\xf2H\xcd\xc9\xc9\x07\x00"  # RFC 7692 section 7.2.3.1: "Hello"
    yield Case("12.1 a compressed message", "5.2", [text(deflated, rsv=4)], [close(1002)])
    yield Case("13.1 the same in fragments", "5.2", [text(deflated[:3], rsv=4, fin=False)], [close(1002)])


CASES: Final = [*longest(), *divided(), *compressed()]
