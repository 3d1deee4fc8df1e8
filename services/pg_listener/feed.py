"""What this listener says on the bus: batches in sequence, and beats that name the top.

The leader and every standby publish the same events; a gateway takes each seq from whoever has it first.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from services.pg_listener.database_status import DatabaseStatus
from services.pg_listener.encoding import Row, encode_rows
from services.pg_listener.metrics import ListenerMetrics
from services.pg_listener.replay import RecentEvents
from shared.bus.messages import UNKNOWN_REVOCATIONS, Batch, Beat, Published
from shared.catalog import Catalog

UNKNOWN_CATALOG = 0
"""Version of a catalogue that was not read yet."""


class Revocations(NamedTuple):
    """What is revoked: by user, everything issued until that Unix time; and single tokens by their ids."""

    users: Mapping[str, float]
    token_ids: Sequence[str]


class Feed:
    """The stream as this process has published it. Times are Unix seconds.

    ``leading`` and ``database`` are kept up to date by the shells; :attr:`recent` answers replays.
    """

    def __init__(
        self,
        publish: Callable[[Published], None],
        recent: RecentEvents,
        metrics: ListenerMetrics,
        *,
        listener: str,
        row_max_bytes: int,
        now: float,
    ) -> None:
        self.recent = recent
        self.database = DatabaseStatus(now)
        self.leading = False
        self.catalog = Catalog()
        self.catalog_version = UNKNOWN_CATALOG
        self.revocations = Revocations({}, [])
        self.revocations_version = UNKNOWN_REVOCATIONS
        self._publish = publish
        self._metrics = metrics
        self._listener = listener
        self._row_max_bytes = row_max_bytes

    @property
    def state(self) -> str:
        """One word for the heartbeat."""
        if not self.database.up:
            return "disconnected"
        return "leader" if self.leading else "standby"

    def begin_at(self, epoch: str, seq: int) -> None:
        """Go on behind a position, without what came before it: the first look, a new epoch, a gap in the log."""
        if self.recent.epoch and epoch != self.recent.epoch:
            self._metrics.epoch_changes.inc()
        self.recent.restart(epoch, seq)

    def publish(self, rows: Sequence[Row], now: float) -> None:
        """Publish rows of the log that follow ``recent.top_seq`` without a hole, as one batch."""
        events = encode_rows(rows, published_at=now, row_max_bytes=self._row_max_bytes)
        after_seq = self.recent.top_seq
        self.recent.append(events)
        sequenced_at: float = rows[-1]["sequenced_at"]
        self._publish(
            Batch(
                epoch=self.recent.epoch,
                after_seq=after_seq,
                events=events,
                sequenced_at=sequenced_at,
                published_at=now,
            )
        )
        self._metrics.published(len(events), now - sequenced_at)

    def beat(self, now: float) -> None:
        """Say where the stream stands."""
        self._publish(
            Beat(
                listener=self._listener,
                leading=self.leading,
                epoch=self.recent.epoch,
                top_seq=self.recent.top_seq,
                database_up=self.database.up,
                database_since=self.database.since,
                catalog_version=self.catalog_version,
                sent_at=now,
                revocations_version=self.revocations_version,
            )
        )

    def revoke(self, revocations: Revocations) -> bool:
        """Take what is revoked; return whether it changed."""
        version = _digest(revocations)
        changed = version != self.revocations_version
        self.revocations, self.revocations_version = revocations, version
        return changed

    def watch(self, catalog: Catalog) -> bool:
        """Take a catalogue; its version is a digest, the same on every listener. Return whether it changed."""
        version = _digest(catalog)
        changed = version != self.catalog_version
        self.catalog, self.catalog_version = catalog, version
        return changed


def _digest(found: object) -> int:
    """Return a version that is the same on every listener, and never that of what is not known."""
    return zlib.crc32(msgspec.json.encode(found, order="deterministic")) or 1
