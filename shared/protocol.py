"""The WebSocket protocol's vocabulary: the envelope, the message types and the messages a server sends.

Every message is one JSON text frame ``{"message_type", "data", "timestamp"}``. Both sides ignore fields they do not
know. docs/protocol.md describes the messages; the structures here are how our own processes write and read them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

import msgspec


class Envelope(msgspec.Struct):
    """One message, its ``data`` left as JSON text until the type is known."""

    message_type: str
    data: msgspec.Raw = msgspec.Raw(b"{}")
    timestamp: str | None = None


class TransactionPlace(msgspec.Struct, frozen=True):
    """Where an event stands in its transaction: ``index`` from 0 to ``size - 1``."""

    id: str
    index: int
    size: int


class RealtimeEvent(msgspec.Struct, kw_only=True):
    """``data`` of a ``realtime_event``; rows are JSON text, passed through as PostgreSQL wrote them.

    ``timestamp`` is when the change was made (RFC 3339, UTC). ``hops`` is there on the round-trip probe's events
    only: Unix times in seconds by the name of the hop that took the stamp.
    """

    event_type: str
    table: str
    id: str | None
    timestamp: str
    data: msgspec.Raw
    seq: int
    channel: str
    business_event: str | None
    changed: list[str] | None
    old: msgspec.Raw
    origin: str | None
    tx: TransactionPlace
    hops: dict[str, float] | msgspec.UnsetType = msgspec.UNSET


NULL: Final = msgspec.Raw(b"null")

_encoder = msgspec.json.Encoder()


def timestamp(unix_seconds: float) -> str:
    """Return RFC 3339 in UTC with milliseconds (cut, not rounded), as every message carries it."""
    seconds, microseconds = divmod(round(unix_seconds * 1_000_000), 1_000_000)
    return f"{_to_the_second(seconds)}.{microseconds // 1000:03d}Z"


@lru_cache(maxsize=64)
def _to_the_second(unix_seconds: int) -> str:
    return datetime.fromtimestamp(unix_seconds, UTC).isoformat(timespec="seconds").removesuffix("+00:00")


def encode(message_type: str, data: Any, now: float) -> bytes:
    """Return one message as JSON text; ``now`` is Unix time in seconds."""
    return _encoder.encode({"message_type": message_type, "data": data, "timestamp": timestamp(now)})


def is_json(text: bytes) -> bool:
    """Tell whether *text* is JSON in UTF-8; what is nested beyond the parser's depth is not."""
    try:
        str(text, "utf-8")
        msgspec.json.decode(text, type=msgspec.Raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True
