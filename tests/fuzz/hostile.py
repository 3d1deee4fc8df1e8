"""Values that parsers stumble over: numbers at the edges, texts that mean something elsewhere, JSON that is none."""

from __future__ import annotations

import math
from typing import Any, Final

from tests.fuzz.chance import Chance


class Text(bytes):
    """JSON text that stands in a tree as it is, be it valid or not."""


TEXTS: Final = (
    "", " ", "a", "*",
    "null", "true", "0", "-1", "NaN", "id", "é", "e\u0301", "\U0001d4b3", "\u202eABC", "\u2028", "\ufeff",
    "\x00", "\x1b[31m", "\r\n", "\t", "\x7f", "\ud800", "\udfff", "a\udc80b", "\U0010ffff", "\ufffd", "' OR 1=1 --",
    '"; DROP TABLE bookings; --', "<script>alert(1)</script>", "${7*7}", "{0.__class__}", "%s%n", "__proto__",
    "constructor", "toString", "hasOwnProperty", "claims.", "claims.a..b", "../../etc/passwd", "%00",
    "2026-01-01T00:00:00Z", "bookings", "vehicle_queue", "booking_events", "wasla.probe", "wasla_probe", "jemmal",
    "x" * 63, "x" * 64, "x" * 65, "x" * 129, "é" * 5000,
)  # fmt: skip
NUMBERS: Final = (
    0, 1, -1, 2, 255, 256, 65535, 65536, 2**31 - 1, 2**31, 2**53, 2**53 + 1, 2**63 - 1, 2**63, -(2**63), 2**64,
    10**30, -(10**30), 0.5, -0.0, 1e308, 5e-324, 1e22, float("nan"), float("inf"), float("-inf"),
)  # fmt: skip
JSON_TEXTS: Final = (
    Text(b"-0"), Text(b"1e400"), Text(b"1E+0000001"), Text(b"0.1e-9999"), Text(b"1" * 400), Text(b"01"), Text(b"1."),
    Text(b"NaN"), Text(b"Infinity"), Text(b"-"), Text(b"+1"), Text(b"tru"), Text(b"'a'"), Text(b'"\\q"'),
    Text(b'"\\ud800"'), Text(b'"\\udc00\\ud800"'), Text(b'"\\u0000"'), Text(b'"\\ud83d\\ude00"'), Text(b'"a'),
    Text(b'"\xff"'), Text(b'"\xc0\xaf"'), Text(b'"\xed\xa0\x80"'), Text(b'"\xf4\x90\x80\x80"'), Text(b'"\x01"'),
    Text(b"[,]"), Text(b"[1,]"), Text(b'{"a":1,}'), Text(b'{"a":1,"a":2}'), Text(b"{a:1}"), Text(b"/**/1"), Text(b""),
    Text(b" \n\t1 \r"), Text(b"\xef\xbb\xbf1"), Text(b"1 2"), Text(b"\x00"),
)  # fmt: skip
_STRICT_TEXTS: Final = tuple(
    text for text in TEXTS if not any(0xD800 <= ord(character) <= 0xDFFF for character in text)
)
_STRICT_NUMBERS: Final = tuple(number for number in NUMBERS if math.isfinite(number))
_STRICT_JSON_TEXTS: Final = (
    Text(b"-0"), Text(b"1e400"), Text(b"1E+0000001"), Text(b"1" * 400), Text(b'"\\u0000"'), Text(b'"\\ud83d\\ude00"'),
    Text(b'{"a":1,"a":2}'), Text(b" \n\t1 \r"), Text(b"123456789012345678901234567890.5"),
)  # fmt: skip
_DEPTHS: Final = (10, 100, 500, 900, 990, 1000, 1500, 20_000)


def scalar(chance: Chance) -> Any:
    """Return a value without parts."""
    kind = chance.below(6)
    if kind == 0:
        return chance.of((None, True, False))
    if kind in (1, 2):
        return chance.of(_STRICT_NUMBERS if chance.strict else NUMBERS)
    return text(chance)


def text(chance: Chance) -> str:
    return chance.of(_STRICT_TEXTS if chance.strict else TEXTS)


def alike(chance: Chance, former: Any) -> Any:
    """Return a hostile value of the same kind, which passes where only kinds are looked at."""
    match former:
        case bool():
            return not former
        case int():
            return chance.of([number for number in _STRICT_NUMBERS if isinstance(number, int)])
        case float():
            return float(chance.of(_STRICT_NUMBERS if chance.strict else NUMBERS))
        case str():
            return text(chance)
        case bytes() if not isinstance(former, Text):
            return chance.of((b"", b"\xff", b"null", b'{"a":"\xff"}', b"[" * 2000, former * 2))
    return value(chance)


def value(chance: Chance, depth: int = 3) -> Any:
    """Return anything JSON can say, and now and then what it cannot."""
    kind = chance.below(12)
    if depth == 0 or kind < 6:
        return scalar(chance)
    if kind < 8:
        return [value(chance, depth - 1) for _ in range(chance.few())]
    if kind < 10:
        return {text(chance): value(chance, depth - 1) for _ in range(chance.few())}
    return chance.of(_STRICT_JSON_TEXTS if chance.strict else JSON_TEXTS) if kind == 10 else nested(chance)


def nested(chance: Chance) -> Text:
    """Return lists or objects in one another, perhaps without end."""
    opening, closing = chance.of(((b"[", b"]"), (b'{"a":', b"}"), (b'[{"":', b"}]")))
    depth = chance.of(_DEPTHS) if chance.happens(0.05) else chance.of(_DEPTHS[:2])
    closed = depth if chance.strict or chance.happens(0.8) else chance.below(depth)
    return Text(opening * depth + b"1" + closing * closed)
