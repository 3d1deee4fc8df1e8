"""Where a client stands in the stream, by the protocol's rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Position:
    """Everything up to ``seq`` of ``epoch``.

    Two positions compare only within one epoch: another epoch means that the database's past may have changed.
    Save it as you like, for instance with ``dataclasses.asdict``; ``Position(**saved)`` brings it back.
    """

    epoch: str
    seq: int


class Standing:
    """The position of a session, moved by what the gateway says.

    ``epoch`` is the present link's: of its ``registered``, or of a ``resync`` since.
    """

    __slots__ = ("epoch", "position")

    def __init__(self, position: Position | None) -> None:
        self.position = position
        self.epoch = ""

    def registered(self, epoch: str, seq: int) -> None:
        """A link begins."""
        self.epoch = epoch
        self.reached(epoch, seq)

    def reached(self, epoch: str, seq: int) -> None:
        """Everything up to *seq* was told; of another epoch that says nothing about our position."""
        if self.position is None or (self.position.epoch == epoch and seq > self.position.seq):
            self.position = Position(epoch, seq)

    def is_repeated(self, seq: int) -> bool:
        """Tell whether an event of this link was told before."""
        return self.position is not None and self.position.epoch == self.epoch and seq <= self.position.seq

    def replaced(self, epoch: str, seq: int) -> None:
        """``resync`` says where to go on, even where that is further back."""
        self.epoch = epoch
        self.position = Position(epoch, seq)


def as_resume(position: Position) -> dict[str, Any]:
    """Return what ``register`` carries."""
    return {"epoch": position.epoch, "seq": position.seq}
