"""Text frames to messages and back. A message is one JSON object: ``message_type``, ``data``, ``timestamp``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple


class Malformed(Exception):
    """A text frame is no message of the protocol; the text says what was expected and what came."""


class Message(NamedTuple):
    """One message of a gateway; ``data`` has the fields that its type cannot do without."""

    message_type: str
    data: dict[str, Any]


_STREAM: Final[Mapping[str, tuple[str, ...]]] = {
    "registered": ("seq", "epoch"),
    "realtime_event": ("seq",),
    "position": ("seq", "epoch"),
    "resync": ("seq", "epoch"),
}
"""The messages that say where a client stands, and the fields which that takes."""


def decode(text: str | bytes) -> Message:
    """Return the message in a text frame, or raise :exc:`Malformed`."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise Malformed(f"Expected a JSON object, got {_shown(text)}.") from None
    if not isinstance(value, dict) or not isinstance(value.get("message_type"), str):
        raise Malformed(f"Expected an object with a message_type, got {_shown(text)}.")
    message = Message(value["message_type"], value.get("data", {}))
    if not isinstance(message.data, dict):
        raise Malformed(f"Expected data to be an object, got {_shown(text)}.")
    for field in _STREAM.get(message.message_type, ()):
        if not _fits(field, message.data.get(field)):
            raise Malformed(f"Expected {message.message_type} with a usable {field}, got {_shown(text)}.")
    return message


def encode(message_type: str, data: Mapping[str, Any], now: float) -> str:
    """Return a text frame; *now* is Unix time. Data that JSON cannot hold raises TypeError or ValueError."""
    stamp = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    message = {"message_type": message_type, "data": data, "timestamp": stamp}
    return json.dumps(message, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _fits(field: str, value: object) -> bool:
    if field == "seq":
        return isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return isinstance(value, str)


def _shown(text: str | bytes) -> str:
    shown = text if isinstance(text, str) else text.decode(errors="replace")
    return repr(shown if len(shown) <= 80 else shown[:77] + "...")
