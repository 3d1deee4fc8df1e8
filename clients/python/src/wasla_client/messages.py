"""Text frames to messages and back. A message is one JSON object: ``message_type``, ``data``, ``timestamp``."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple


class Malformed(Exception):
    """A text frame is no message of the protocol; the text says what was expected and what came."""


class Message(NamedTuple):
    """One message of a gateway; ``data`` has the fields that its type cannot do without."""

    message_type: str
    data: dict[str, Any]


_NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "registered": ("seq", "epoch"),
    "realtime_event": ("seq", "event_type", "table"),
    "position": ("seq", "epoch"),
    "resync": ("seq", "epoch"),
    "custom_event": ("event_type",),
}
"""The fields that a message cannot do without: they say where a client stands, and under which names it is told."""


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _are_objects(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_object, value))


_SHAPES: Final[Mapping[str, Mapping[str, Callable[[object], bool]]]] = {
    "realtime_event": {
        "channel": _is_text,
        "data": _is_object,
        "old": _is_object,
        "changed": _are_texts,
        "tx": _is_object,
    },
    "resync": {"tables": _are_texts},
    "custom_event": {"from": _is_object},
    "error": {"in_reply_to": _is_text},
    "clients": {"clients": _are_objects, "missing": _are_texts},
}
"""Fields that may be missing or null, and must be of this kind where they are not."""


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
    for field in _NEEDED.get(message.message_type, ()):
        if not _fits(field, message.data.get(field)):
            raise Malformed(f"Expected {message.message_type} with a usable {field}, got {_shown(text)}.")
    for field, fits in _SHAPES.get(message.message_type, {}).items():
        if (value := message.data.get(field)) is not None and not fits(value):
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
