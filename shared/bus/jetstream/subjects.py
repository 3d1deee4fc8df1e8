"""Subjects: what is said where on the NATS servers. Pure.

A subject that is stored names the epoch and the number of a stretch of :data:`STRETCH` seqs, so that the place of a
position in the stream is found by asking for a subject, not by searching.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

STRETCH: Final = 500
"""Seqs of one stored subject, and the most events of one stored message."""

_UNFIT: Final = re.compile(r"[^A-Za-z0-9_/:=@-]")


def token(name: str) -> str:
    """Return a name as one token of a subject: what has a meaning there (dots, wildcards, spaces) is replaced."""
    return _UNFIT.sub("_", name) or "_"


@dataclass(frozen=True, slots=True)
class Subjects:
    """The subjects of one installation; ``prefix`` is the first token of each, and names the stream."""

    prefix: str = "wasla"

    @property
    def stream(self) -> str:
        """The stream's name."""
        return self.prefix.upper()

    @property
    def stored(self) -> str:
        """What the stream stores."""
        return f"{self.prefix}.events.>"

    @property
    def live(self) -> str:
        """What the server says once it is stored."""
        return f"{self.prefix}.live.>"

    @property
    def every_line(self) -> str:
        """What every listener says beside the stream."""
        return f"{self.prefix}.lines.*"

    def events(self, epoch: str, after_seq: int) -> str:
        """Where events that follow a position are stored."""
        return self.stretch(epoch, after_seq // STRETCH)

    def stretch(self, epoch: str, number: int) -> str:
        """Where the events of one stretch are stored."""
        return f"{self.prefix}.events.{token(epoch)}.{number}"

    def line(self, listener: str) -> str:
        """What one listener says beside the stream."""
        return f"{self.prefix}.lines.{listener}"

    def desk(self, listener: str) -> str:
        """Where one listener is asked."""
        return f"{self.prefix}.desk.{listener}"

    def inbox(self, owner: str) -> str:
        """What answers to one process begin with."""
        return f"{self.prefix}.inbox.{owner}"
