"""Entries: events as the ring keeps them, framed once, with what matching looks at.

A mark (``CAPTURE_FAILED``) becomes the frame of a ``resync``: it has its own seq, so every concerned client receives
it in its place of the stream.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from services.gateway.conditions import Row
from services.gateway.frames import payload_of, text_frame
from shared.events import CAPTURE_FAILED, Change, Event
from shared.protocol import encode

ENTRY_OVERHEAD: Final = 200
"""Bytes an entry costs beside its frame, about."""


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One event in the ring; ``frame`` is the whole WebSocket frame, ready to be written."""

    seq: int
    event_type: str
    table: str
    channel: str
    business_event: str | None
    internal: bool
    frame: bytes

    @property
    def is_mark(self) -> bool:
        """Tell whether this is a ``resync`` to everyone concerned rather than an event."""
        return self.event_type == CAPTURE_FAILED

    @property
    def size(self) -> int:
        """Bytes this entry occupies, about."""
        return len(self.frame) + ENTRY_OVERHEAD


class _Message(msgspec.Struct):
    data: Change


_changes: Final = msgspec.json.Decoder(_Message)


class Rows:
    """The versions of an event's row, decoded when first asked for and once only."""

    __slots__ = ("_entry", "_versions")

    def __init__(self, entry: Entry) -> None:
        self._entry = entry
        self._versions: tuple[Row, ...] | None = None

    @property
    def versions(self) -> tuple[Row, ...]:
        """The rows a filter is tested on; none for a mark, an event without a row, and one that cannot be read."""
        if self._versions is None:
            self._versions = self._decode()
        return self._versions

    def _decode(self) -> tuple[Row, ...]:
        if self._entry.is_mark:
            return ()
        try:
            return versions(_changes.decode(payload_of(self._entry.frame)).data)
        except (msgspec.DecodeError, RecursionError):
            # A number beyond a double, for instance. What cannot be tested is sent rather than hidden.
            return ()


def versions(change: Change) -> tuple[Row, ...]:
    """Return the new row, or a DELETE's old one, and for an UPDATE the former row too."""
    if change.data is None:
        return ()
    if not change.old:
        return (change.data,)
    return (change.data, {**change.data, **change.old})


def enter(event: Event, *, epoch: str, received_at: float) -> Entry:
    """Frame *event* for the ring; ``received_at`` is Unix time, stamped on the round-trip probe's events."""
    return Entry(
        event.seq,
        event.event_type,
        event.table,
        event.channel,
        event.business_event,
        event.internal,
        text_frame(_payload(event, epoch, received_at)),
    )


def _payload(event: Event, epoch: str, received_at: float) -> bytes:
    if event.event_type == CAPTURE_FAILED:
        return encode("resync", resync("capture_failed", [event.table], epoch, event.seq), received_at)
    return _stamped(event.message, received_at) if event.internal else event.message


def resync(reason: str, tables: list[str] | None, epoch: str, seq: int) -> dict[str, Any]:
    """Return the data of a ``resync``: reload these tables (None: all of them), then go on from *seq*."""
    return {"reason": reason, "tables": tables, "epoch": epoch, "seq": seq}


def _stamped(message: bytes, received_at: float) -> bytes:
    """Add the gateway's hop to a probe event, which is rare; any other message is left as it is."""
    decoded = msgspec.json.decode(message, type=dict[str, Any])
    data = decoded.get("data")
    if not isinstance(data, dict) or not isinstance(data.get("hops"), dict):
        return message
    data["hops"]["gateway"] = received_at
    return msgspec.json.encode(decoded)
