"""Family 7: how a conversation ends."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from tests.conformance.case import Case, close, echo, fragments, message, message_of, text
from tests.fuzz import wire

_ALLOWED: Final = (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999)
_FORBIDDEN: Final = (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535)


def closing(code: int, reason: bytes = b"") -> bytes:
    """Return a close frame."""
    return wire.frame(wire.CLOSE, struct.pack(">H", code) + reason)


def ends() -> Iterator[Case]:
    """A close is confirmed once, and nothing that comes behind it is heard."""
    bye = closing(1000)
    yield Case("7.1.1 a message, then close", "5.5.1", [text(message("x")), bye], [echo("x"), close(1000)])
    yield Case("7.1.2 close twice", "5.5.1", [bye, bye], [close(1000)])
    yield Case("7.1.3 ping behind close", "5.5.1", [bye, wire.frame(wire.PING)], [close(1000)])
    yield Case("7.1.4 text behind close", "5.5.1", [bye, text(message("x"))], [close(1000)])
    begin, end = fragments([message("x")[:20], message("x")[20:]])
    # The parser takes a message that is left unfinished for an error; to a client that goes, it is all the same.
    yield Case("7.1.5 close between fragments", "5.4", [begin, bye, end], [close(1002)])
    long = message_of(200_000)
    filler = "x" * (len(long) - len(message("")))
    yield Case("7.1.6 a long message, then close", "5.5.1", [text(long), bye], [echo(filler), close(1000)])
    yield Case("7.1.7 garbage behind close", "5.5.1", [bye, b"\xff" * 100], [close(1000)])


def payloads() -> Iterator[Case]:
    """What a close frame may hold: nothing, or a code and a reason in UTF-8."""
    yield Case("7.3.1 no payload", "5.5.1", [wire.frame(wire.CLOSE)], [close(None)])
    yield Case("7.3.2 one byte", "5.5.1", [wire.frame(wire.CLOSE, b"\x03")], [close(1002)])
    yield Case("7.3.3 a code alone", "5.5.1", [closing(1000)], [close(1000)])
    yield Case("7.3.4 a code and a reason", "5.5.1", [closing(1000, b"Hello World!")], [close(1000)])
    yield Case("7.3.5 the longest reason", "5.5", [closing(1000, b"*" * 123)], [close(1000)])
    yield Case("7.3.6 a reason too long", "5.5", [closing(1000, b"*" * 124)], [close(1002)])
    yield Case("7.5.1 a reason that is no UTF-8", "8.1", [closing(1000, b"\xce\xba\xed\xa0\x80")], [close(1007)])


def codes() -> Iterator[Case]:
    """The codes that may be sent, those that never are, and those that nobody has defined."""
    for code in _ALLOWED:
        yield Case(f"7.7 code {code}", "7.4.1", [closing(code)], [close(code)])
    for code in _FORBIDDEN:
        yield Case(f"7.9 code {code}", "7.4.1", [closing(code)], [close(1002)])
        yield Case(f"7.9 code {code} with a reason", "7.4.1", [closing(code, b"why")], [close(1002)])


CASES: Final = [*ends(), *payloads(), *codes()]
