"""The events that are sent: the same bytes to every server, with their number and the time they were sent inside."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import NamedTuple

TABLE = "bookings"
CHANNEL = "booking_events"


class Message(NamedTuple):
    """One event's text; ``seq`` counts from 1 without a hole."""

    seq: int
    text: bytes


class Source:
    """Makes events one after the other, each *size* bytes long as long as its row leaves room for that."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.seq = 0

    def take(self, count: int, row: Mapping[str, object] | None = None) -> list[Message]:
        """Return the next events, sent now; *row* is put into each beside the filler."""
        sent_at = time.time_ns()
        return [self._next(sent_at, row or {}) for _ in range(count)]

    def _next(self, sent_at: int, row: Mapping[str, object]) -> Message:
        self.seq += 1
        columns = "".join(f'"{name}":{json.dumps(value)},' for name, value in row.items())
        head = (
            f'{{"message_type":"realtime_event","data":{{"event_type":"INSERT","table":"{TABLE}","id":"{self.seq}",'
            f'"seq":{self.seq},"at":{sent_at},"channel":"{CHANNEL}","data":{{{columns}"filler":"'
        )
        return Message(self.seq, f'{head}{"x" * (self.size - len(head) - 4)}"}}}}}}'.encode())
