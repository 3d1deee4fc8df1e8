"""Where a reader stands in the sequenced stream.

A position is a pair: the *epoch* names one unbroken history of the database, the *seq* counts its events from 1
without a hole. Two positions can be compared only inside one epoch; after a restore, or when a replica that had
not received everything is promoted, the epoch changes and every reader is told to reload.
"""

from __future__ import annotations

import msgspec


class Position(msgspec.Struct, frozen=True):
    """Everything up to and including ``seq`` of ``epoch``; seq 0 is before the first event."""

    epoch: str
    seq: int
