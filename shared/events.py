"""Sequenced events as they travel from the listener to the gateways.

The listener writes each event's client message once, as the JSON text in :attr:`Event.message`; gateways frame it
and pass it on. The other fields are what a gateway needs to match without parsing that text.
"""

from __future__ import annotations

from typing import Final

import msgspec

CAPTURE_FAILED: Final = "CAPTURE_FAILED"
"""Event type of a mark in the stream: changes of ``table`` could not be captured, so its readers must reload."""

TEST: Final = "TEST"
"""Event type of ``test_notifications()`` and of the round-trip probe."""


class Event(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One row of the event log.

    ``message`` is the complete ``realtime_event`` text frame's payload (UTF-8 JSON), empty for a mark
    (:data:`CAPTURE_FAILED`). ``captured_at`` is Unix time in seconds, by the database's clock.
    """

    seq: int
    event_type: str
    table: str
    channel: str
    business_event: str | None
    captured_at: float
    message: bytes
    internal: bool = False


class Change(msgspec.Struct, frozen=True):
    """The rows inside an :attr:`Event.message`, decoded only when a filter needs them.

    ``row`` is the new row, or the old one of a DELETE, or None. ``old`` holds the former values of the columns that
    an UPDATE changed.
    """

    event_type: str
    data: dict[str, object] | None = None
    old: dict[str, object] | None = None
