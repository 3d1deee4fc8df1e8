"""The local names under which listeners hear of a change or a broadcast: the same in every client of the project.

``clients/vectors.json`` holds them, in its ``names``.
"""

from __future__ import annotations

from typing import Final

RESERVED: Final = frozenset(
    {
        *("connected", "disconnected", "error", "status", "resync", "realtime-event"),
        *("custom_event", "notice", "gave_up"),  # this client's own
    }
)
"""Names that only the client emits: no other application's broadcast is told under them."""

_SHORT_NAMES: Final = {
    "bookings": "booking-change",
    "booking_events": "booking-change",
    "vehicle_queue": "vehicle-change",
    "vehicle_events": "vehicle-change",
}
"""Tables of the station and the channels they are watched on, with the name their changes are told under."""

_OF_CHANGES: Final = frozenset({"realtime-event", *_SHORT_NAMES.values()})
_OPERATIONS: Final = frozenset({"insert", "update", "delete", "truncate", "test"})


def names_of_change(event_type: str, table: str, channel: str) -> tuple[str, ...]:
    """Return ``realtime-event``, ``bookings-insert``, and ``booking-change``, ``vehicle-change`` or else ``insert``."""
    operation = event_type.lower()
    short = _SHORT_NAMES.get(table) or _SHORT_NAMES.get(channel) or operation
    return ("realtime-event", f"{table}-{operation}", short)


def names_of_broadcast(event_type: str) -> tuple[str, ...]:
    """Return ``custom-event`` and the broadcast's own type in lower case."""
    own = event_type.lower()
    return ("custom-event",) if own in RESERVED or own == "custom-event" else ("custom-event", own)


def brings_changes(name: str) -> bool:
    """Tell whether *name* may be a change's, so that who listens to it wants changes to come."""
    return name in _OF_CHANGES or name.rpartition("-")[2] in _OPERATIONS
