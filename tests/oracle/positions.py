"""Where a client stands, by the protocol's rules for positions. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

MOVES: Final = frozenset({"registered", "realtime_event", "position", "resync"})
"""The message types that say where a client stands."""


@dataclass(frozen=True, slots=True)
class Position:
    """Everything up to ``seq`` of ``epoch``."""

    epoch: str
    seq: int

    def as_resume(self) -> dict[str, Any]:
        """Return what ``register`` carries."""
        return {"epoch": self.epoch, "seq": self.seq}


def moved(position: Position | None, message_type: str, data: Mapping[str, Any]) -> Position | None:
    """Return the position after a message.

    The largest seq of one epoch is kept. What ``resync`` says replaces it, even where that is smaller. A client that
    has a position does not take ``registered``'s of another epoch for it: the ``resync`` that follows says the new one.
    """
    if message_type not in MOVES:
        return position
    if message_type == "resync" or position is None:
        return Position(data.get("epoch", ""), data["seq"])
    if data.get("epoch", position.epoch) != position.epoch:
        return position
    return Position(position.epoch, max(position.seq, data["seq"]))
