"""From a row of the event log to the event that travels.

The complete JSON of the client's message is written here, once for all clients; row JSON is passed through as
PostgreSQL wrote it, never parsed. The envelope's timestamp is when the event was sequenced, so that every listener
writes the same bytes for the same event, live or replayed; only internal events (the round-trip probe's) say when
they were published as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from shared.events import CAPTURE_FAILED, Event
from shared.protocol import NULL, RealtimeEvent, TransactionPlace, timestamp

Row = Mapping[str, Any]
"""A row of the named queries ``sequence`` and ``read_log``; times are Unix seconds."""


class _Message(msgspec.Struct):
    """A realtime_event with its envelope, in the order of the wire."""

    message_type: str
    data: RealtimeEvent
    timestamp: str


_encode = msgspec.json.Encoder().encode
_once_a_batch = lru_cache(maxsize=16)(timestamp)


def encode_rows(rows: Iterable[Row], *, published_at: float, row_max_bytes: int) -> list[Event]:
    """Return the events of the rows, in their order; ``published_at`` is Unix time in seconds."""
    return [_event(row, published_at, row_max_bytes) for row in rows]


def _event(row: Row, published_at: float, row_max_bytes: int) -> Event:
    event_type = row["event_type"]
    is_mark = event_type == CAPTURE_FAILED
    return Event(
        seq=row["seq"],
        event_type=event_type,
        table=row["table_name"],
        channel=row["channel"],
        business_event=row["business_event"],
        captured_at=row["captured_at"],
        message=b"" if is_mark else _message(row, published_at, row_max_bytes),
        internal=row["internal"],
    )


def _message(row: Row, published_at: float, row_max_bytes: int) -> bytes:
    data, old = row["data"], row["old"]
    if len(data or "") + len(old or "") > row_max_bytes:
        data = old = None
    event = RealtimeEvent(
        event_type=row["event_type"],
        table=row["table_name"],
        id=row["row_id"],
        timestamp=timestamp(row["captured_at"]),
        data=_raw(data),
        seq=row["seq"],
        channel=row["channel"],
        business_event=row["business_event"],
        changed=row["changed"],
        old=_raw(old),
        origin=row["origin"],
        tx=TransactionPlace(id=row["tx_id"], index=row["tx_index"], size=row["tx_size"]),
    )
    if row["internal"]:
        event.hops = {
            "captured": row["captured_at"],
            "sequenced": row["sequenced_at"],
            "published": published_at,
        }
    return _encode(_Message("realtime_event", event, _once_a_batch(row["sequenced_at"])))


def _raw(json_text: str | None) -> msgspec.Raw:
    return NULL if json_text is None else msgspec.Raw(json_text)
