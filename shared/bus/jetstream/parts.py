"""Messages longer than a NATS server takes, in parts. Pure.

A server refuses what is longer than its ``max_payload`` (1 MB unless configured). What goes over core NATS is divided
by :func:`divide` and put together by :class:`Assembly`; a part that is lost takes its message with it, which is what
becomes of a lost message anyway. What is stored is never divided.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Final

HEADER: Final = "Wasla-Part"
MAX_OPEN: Final = 32
"""Messages put together at a time; the oldest is given up for a further one."""


def divide(message_id: str, payload: bytes, size: int) -> Iterator[tuple[dict[str, str] | None, bytes]]:
    """Yield headers and bytes of each part, none of which is longer than *size*."""
    if len(payload) <= size:
        yield None, payload
        return
    starts = range(0, len(payload), size)
    for index, start in enumerate(starts):
        yield {HEADER: f"{message_id} {index} {len(starts)}"}, payload[start : start + size]


class Assembly:
    """Parts that have come, by message."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, list[bytes]] = OrderedDict()

    def add(self, header: str, part: bytes) -> bytes | None:
        """Return the whole message once this was its last part; parts come in order, or their message is given up."""
        try:
            message_id, index, count = header.split(" ")
            place, last = int(index), int(count) - 1
        except ValueError:
            return None
        parts = self._open.setdefault(message_id, [])
        if place != len(parts):
            del self._open[message_id]
            return None
        parts.append(part)
        if place == last:
            del self._open[message_id]
            return b"".join(parts)
        while len(self._open) > MAX_OPEN:
            self._open.popitem(last=False)
        return None
