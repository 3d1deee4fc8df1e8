"""From when and until when a certificate is good, read from its bytes (X.509 in DER; RFC 5280 section 4.1.2.5). Pure.

The standard library reads these dates of a peer only, and a library for all of X.509 would cost each gateway nine
megabytes for two dates.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final, NamedTuple

_SEQUENCE: Final = 0x30
_VERSION: Final = 0xA0
_UTC_TIME: Final = 0x17
_GENERALIZED_TIME: Final = 0x18
_PLACE: Final = 3
"""The dates come behind serial number, algorithm and issuer; an older certificate names no version before them."""


class Validity(NamedTuple):
    """Unix times in seconds, both included."""

    begins: float
    ends: float


def validity(certificate: bytes) -> Validity:
    """Return when a certificate in DER is good; raise ValueError for what is no certificate."""
    try:
        (signed, *_) = _elements(_content(certificate, _SEQUENCE))
        parts = [part for part in _elements(_content(signed, _SEQUENCE)) if part[0] != _VERSION]
        begins, ends = map(_time, _elements(_content(parts[_PLACE], _SEQUENCE)))
    except (IndexError, ValueError):
        raise ValueError("expected a certificate (X.509 in DER), got something else") from None
    return Validity(begins, ends)


def _elements(data: bytes) -> Iterator[bytes]:
    """Yield each element that *data* consists of, with its tag and length."""
    while data:
        start, end = _extent(data)
        if start > len(data) or end > len(data):
            raise ValueError("an element is cut off")
        yield data[:end]
        data = data[end:]


def _content(element: bytes, tag: int) -> bytes:
    if element[0] != tag:
        raise ValueError(f"expected the tag {tag}, got {element[0]}")
    start, end = _extent(element)
    return element[start:end]


def _extent(element: bytes) -> tuple[int, int]:
    """Return where the content of the first element begins and ends (X.690 section 8.1.3)."""
    length = element[1]
    if length < 0x80:
        return 2, 2 + length
    start = 2 + (length & 0x7F)
    return start, start + int.from_bytes(element[2:start], "big")


def _time(element: bytes) -> float:
    text = element[2:].decode("ascii")
    if element[0] == _UTC_TIME:
        text = ("19" if text[:2] >= "50" else "20") + text
    elif element[0] != _GENERALIZED_TIME:
        raise ValueError(f"expected a time, got the tag {element[0]}")
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC).timestamp()
