"""What the stream keeps, and how its configuration is written. Pure; imports nothing of NATS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from shared.bus.jetstream.subjects import Subjects

DUPLICATES_KNOWN_FOR: Final = 120.0
"""Seconds for which a message that comes again is known by its id."""

_NANOSECONDS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """What the stream keeps, and on how many servers."""

    replicas: int = 1
    max_age: float = 86_400.0
    max_bytes: int = 1024**3

    def configuration(self, subjects: Subjects) -> dict[str, Any]:
        """Return the stream's configuration as far as it matters here."""
        return {
            "name": subjects.stream,
            "subjects": [subjects.stored],
            "storage": "file",
            "retention": "limits",
            "discard": "old",
            "num_replicas": self.replicas,
            "max_age": int(self.max_age * _NANOSECONDS),
            "max_bytes": self.max_bytes,
            "duplicate_window": int(min(DUPLICATES_KNOWN_FOR, self.max_age) * _NANOSECONDS),
            "allow_direct": True,
            "republish": {"src": subjects.stored, "dest": subjects.live},
        }
