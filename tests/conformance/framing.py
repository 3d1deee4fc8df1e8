"""Families 1 to 5: frames, pings, reserved bits, opcodes, fragments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tests.conformance.case import MALFORMED, Case, close, echo, fragments, message, message_of, pieces, pong, text
from tests.fuzz import wire

_SIZES: Final = (125, 126, 127, 128, 65_535, 65_536)
"""Where the length takes another form (section 5.2)."""

_FIRST: Final = text(message("first"))


def _filler(payload: bytes) -> str:
    return "x" * (len(payload) - len(message("")))


def frames() -> Iterator[Case]:
    """Family 1: text and binary messages of every form of length, however TCP divides them."""
    for size in _SIZES:
        payload = message_of(size)
        yield Case(f"1.1 text of {size} bytes", "5.2", [text(payload)], [echo(_filler(payload))])
        yield Case(f"1.2 binary of {size} bytes", "5.6", [wire.frame(wire.BINARY, bytes(size))], MALFORMED)
    payload = message_of(65_536)
    yield Case("1.1 text in pieces of 997 bytes", "5.2", pieces(text(payload), 997), [echo(_filler(payload))])
    yield Case("1.1 text in single bytes", "5.2", pieces(text(message("é"))), [echo("é")])
    yield Case("1.1 empty text", "5.2", [text(b"")], MALFORMED)
    yield Case("1.2 empty binary", "5.6", [wire.frame(wire.BINARY)], MALFORMED)
    yield Case("1.3 text without a mask", "5.1", [text(message("x"), mask=None)], [close(1002)])
    yield Case("1.3 text under a mask of zeros", "5.3", [text(message("x"), mask=bytes(4))], [echo("x")])
    yield Case(
        "1.4 a length with its highest bit set", "5.2", [text(b"", length_bytes=8, announced=1 << 63)], [close(1009)]
    )
    for size in (2, 8):  # whoever sends takes the shortest form; nobody is told to refuse another
        said = text(message("x"), length_bytes=size)
        yield Case(f"1.5 a short length in {size} bytes", "5.2", [said], [echo("x")])


def pings() -> Iterator[Case]:
    """Family 2: a ping is answered with its payload, a pong with nothing."""
    for name, payload in (
        ("2.1 empty ping", b""),
        ("2.2 ping with text", b"Hello, world!"),
        ("2.3 ping with bytes that are no text", b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff"),
        ("2.4 ping of 125 bytes", b"\xfe" * 125),
    ):
        yield Case(name, "5.5.3", [wire.frame(wire.PING, payload)], [pong(payload)])
    too_long = wire.frame(wire.PING, b"\xfe" * 126)
    yield Case("2.5 ping of 126 bytes", "5.5", [too_long], [close(1002)])
    yield Case("2.6 ping in single bytes", "5.5.3", pieces(wire.frame(wire.PING, b"\xfe" * 125)), [pong(b"\xfe" * 125)])
    yield Case("2.7 pong that nobody asked for", "5.5.3", [wire.frame(wire.PONG)])
    yield Case("2.8 the same with a payload", "5.5.3", [wire.frame(wire.PONG, b"unasked")])
    asked = [wire.frame(wire.PONG, b"unasked"), wire.frame(wire.PING, b"asked")]
    yield Case("2.9 pong, then ping", "5.5.3", asked, [pong(b"asked")])
    ten = [wire.frame(wire.PING, b"%d" % number) for number in range(10)]
    yield Case("2.10 ten pings", "5.5.3", ten, [pong(b"%d" % number) for number in range(10)])
    yield Case("2.11 ten pings in single bytes", "5.5.3", pieces(b"".join(ten)), [pong(b"%d" % n) for n in range(10)])


def reserved_bits() -> Iterator[Case]:
    """Family 3: no extension was agreed on, so none of the bits may be set."""
    for rsv in range(1, 8):
        yield Case(f"3.1 text with reserved bits {rsv:03b}", "5.2", [text(message("x"), rsv=rsv)], [close(1002)])
        behind = [_FIRST, text(message("x"), rsv=rsv), wire.frame(wire.PING)]
        yield Case(f"3.2 the same behind a right one, {rsv:03b}", "5.2", behind, [echo("first"), close(1002)])
    for name, opcode in (("binary", wire.BINARY), ("ping", wire.PING), ("pong", wire.PONG), ("close", wire.CLOSE)):
        yield Case(f"3.3 {name} with a reserved bit", "5.2", [wire.frame(opcode, b"\x03\xe8", rsv=4)], [close(1002)])
    yield Case("3.4 reserved bits in single bytes", "5.2", pieces(text(message("x"), rsv=2)), [close(1002)])


def opcodes() -> Iterator[Case]:
    """Family 4: five opcodes for data and five for control mean nothing yet."""
    for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
        yield Case(f"4.1 opcode {opcode}", "5.2", [wire.frame(opcode)], [close(1002)])
        yield Case(f"4.2 opcode {opcode} with a payload", "5.2", [wire.frame(opcode, b"payload")], [close(1002)])
        behind = [_FIRST, wire.frame(opcode), wire.frame(wire.PING)]
        yield Case(f"4.3 opcode {opcode} behind a message", "5.2", behind, [echo("first"), close(1002)])


def fragmentation() -> Iterator[Case]:
    """Family 5: a message in fragments, and what may and may not stand between them."""
    one, two = message("fragments")[:20], message("fragments")[20:]
    begin, end = fragments([one, two])
    ping = wire.frame(wire.PING, b"between")
    for opcode, name in ((wire.PING, "ping"), (wire.PONG, "pong"), (wire.CLOSE, "close")):
        yield Case(f"5.1 {name} in fragments", "5.5", [wire.frame(opcode, b"\x03\xe8", fin=False)], [close(1002)])
    yield Case("5.3 text in two fragments", "5.4", [begin + end], [echo("fragments")])
    yield Case("5.4 the same, sent apart", "5.4", [begin, end], [echo("fragments")])
    yield Case("5.5 the same in single bytes", "5.4", pieces(begin + end), [echo("fragments")])
    yield Case("5.6 a ping between them", "5.4", [begin, ping, end], [pong(b"between"), echo("fragments")])
    yield Case("5.7 the same in single bytes", "5.4", pieces(begin + ping + end), [pong(b"between"), echo("fragments")])
    nothing = fragments([b"", message("x"), b"", b""])
    yield Case("5.8 empty fragments", "5.4", nothing, [echo("x")])
    for fin, name in ((True, "last"), (False, "first")):
        stray = wire.frame(wire.CONT, b"stray", fin=fin)
        yield Case(f"5.9 a continuation of nothing, the {name}", "5.4", [stray], [close(1002)])
        yield Case(f"5.12 the same behind a message, the {name}", "5.4", [_FIRST, stray], [echo("first"), close(1002)])
        again = [begin, end, wire.frame(wire.CONT, b"stray", fin=fin)]
        yield Case(f"5.15 the same behind fragments, the {name}", "5.4", again, [echo("fragments"), close(1002)])
    yield Case("5.18 text within fragments of text", "5.4", [begin, text(message("x"))], [close(1002)])
    yield Case("5.18 binary within fragments of text", "5.4", [begin, wire.frame(wire.BINARY, b"x")], [close(1002)])
    many = fragments(pieces(message("x" * 40), 5))
    mixed = [frame for part in many for frame in (part, ping)][:-1]
    yield Case(
        "5.19 a ping behind every fragment", "5.4", mixed, [*[pong(b"between")] * (len(many) - 1), echo("x" * 40)]
    )
    yield Case("5.20 binary in fragments", "5.6", fragments([b"a", b"b"], wire.BINARY), MALFORMED)


CASES: Final = [*frames(), *pings(), *reserved_bits(), *opcodes(), *fragmentation()]
