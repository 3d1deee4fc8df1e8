"""Was a client told what it should have been told? Pure.

A client's notes are walked beside the log. Between two places where it stood, every event that concerns it must have
come, once, in order, as the log has it. A ``resync`` may skip; but only one that had a reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.oracle.interests import Subscription, is_wanted
from tests.oracle.judge_log import MARK
from tests.oracle.notes import Logged
from tests.oracle.positions import MOVES, Position, moved


class Seen(NamedTuple):
    """A note of a client's journal, an event's data reduced to its digest."""

    at: float
    kind: str
    seq: int
    digest: int
    data: Mapping[str, Any]


@dataclass(slots=True)
class StreamJudge:
    """Follows one client from round to round. ``at`` is None until it registered."""

    name: str
    interest: Sequence[Subscription]
    position: Position | None = None
    resyncs: dict[str, int] = field(default_factory=dict)
    received: int = 0
    _asked: dict[str, Subscription] = field(default_factory=dict)
    _resumed: Position | None = None
    _before_subscribed: Position | None = None

    def judge(self, seen: Sequence[Seen], log: Mapping[int, Logged], dropped_until: int, epoch: str) -> Iterator[str]:
        """Yield each wrong thing; ``log`` holds the round's rows by seq, ``dropped_until`` what expired, by seq."""
        for note in seen:
            if note.kind in MOVES:
                self._before_subscribed = None
            for wrong in self._take(note, log, dropped_until, epoch):
                yield f"client {self.name}: {wrong}"

    def arrived(self, top: int, log: Mapping[int, Logged]) -> Iterator[str]:
        """Everything is said to have been told up to ``top``."""
        if self.position is None or self.position.seq < top:
            stands = None if self.position is None else self.position.seq
            yield f"client {self.name} stands at {stands} and not at the top {top}"
        for seq in self._missed(top, log):
            yield f"client {self.name} was never told of seq {seq} ({log[seq].event_type} {log[seq].table})"
            return

    def _take(self, note: Seen, log: Mapping[int, Logged], dropped_until: int, epoch: str) -> Iterator[str]:
        match note.kind:
            case "registering":
                yield from self._registering(note.data)
            case "registered":
                yield from self._registered(note, log)
            case "subscribing":
                self._asked[note.data["id"]] = dict(note.data)
            case "subscribed":
                self._before_subscribed = self._before_subscribed or self.position
                yield from self._pass(note.data["seq"], log, "subscribed")
                wanted = note.data["id"]
                self.interest = [item for item in self.interest if item["id"] != wanted] + [self._asked[wanted]]
            case "realtime_event":
                yield from self._event(note, log)
            case "position":
                if note.data["epoch"] != epoch:
                    yield f"told a position of epoch {note.data['epoch']}, where {epoch} is in force"
                yield from self._pass(note.seq, log, "position")
            case "resync":
                yield from self._resync(note, log, dropped_until)
            case "error":
                yield f"told an error: {note.data}"

    def _registering(self, data: Mapping[str, Any]) -> Iterator[str]:
        # What subscribed says is not a position to resume from: a client goes back behind it.
        self.position = self._before_subscribed or self.position
        self._before_subscribed = None
        self._resumed = self.position
        self._asked = {item["id"]: item for item in data.get("subscribe", ())}
        self.interest = list(self._asked.values())
        yield from self._check_resume(data.get("resume"))

    def _check_resume(self, resume: Mapping[str, Any] | None) -> Iterator[str]:
        asked = None if resume is None else Position(resume["epoch"], resume["seq"])
        if asked != self.position:
            yield f"resumes from {asked}, but stands at {self.position}: the client itself is wrong"

    def _registered(self, note: Seen, log: Mapping[int, Logged]) -> Iterator[str]:
        data = note.data
        if data["resumed"] and (self._resumed is None or data["seq"] != self._resumed.seq):
            yield f"registered as resumed at {data['seq']}, having asked for {self._resumed}"
        if self.position is not None and data["epoch"] == self.position.epoch:
            yield from self._pass(data["seq"], log, "registered")
        self.position = moved(self.position, "registered", data)

    def _event(self, note: Seen, log: Mapping[int, Logged]) -> Iterator[str]:
        at = self._stands_at
        self.received += 1
        row = log.get(note.seq)
        if row is None:
            yield f"was told of seq {note.seq}, which the log does not have"
            return
        if note.seq <= at:
            yield f"was told of seq {note.seq} when it had everything up to {at}"
            return
        if not is_wanted(self.interest, row):
            yield f"was told of seq {note.seq} ({row.event_type} {row.table} {row.row_id}), which it did not ask for"
        if note.digest != row.digest:
            yield f"was told something else of seq {note.seq} than the log has ({row.event_type} {row.table})"
        yield from self._pass(note.seq - 1, log, f"seq {note.seq}")
        self._stand(note.seq)

    def _pass(self, to: int, log: Mapping[int, Logged], by: str) -> Iterator[str]:
        """The client moves on to a seq without being told anything: nothing there may concern it."""
        missed = self._missed(to, log)
        if missed:
            row = log[missed[0]]
            yield (
                f"{len(missed)} events lost, first seq {row.seq} ({row.event_type} {row.table} {row.row_id}), "
                f"noticed by {by} when it stood at {self._stands_at}"
            )
        if to > self._stands_at:
            self._stand(to)

    def _resync(self, note: Seen, log: Mapping[int, Logged], dropped_until: int) -> Iterator[str]:
        reason, at = note.data["reason"], self._stands_at
        self.resyncs[reason] = self.resyncs.get(reason, 0) + 1
        if reason == "capture_failed":
            row = log.get(note.seq)
            if row is None or row.event_type != MARK or note.data["tables"] != [row.table] or note.seq <= at:
                yield f"told at {at} that the capture of {note.data['tables']} failed at {note.seq}: no such mark"
            yield from self._pass(note.seq - 1, log, f"resync {note.seq}")
        elif reason == "position_expired" and at >= dropped_until:
            yield f"told that {at} expired, where the log was kept from {dropped_until} on"
        elif reason == "epoch_changed" and self.position is not None and self.position.epoch == note.data["epoch"]:
            yield f"told that the epoch changed, standing at {self.position}, to {note.data['epoch']}: it did not"
        self.position = Position(note.data["epoch"], note.seq)

    def _missed(self, to: int, log: Mapping[int, Logged]) -> list[int]:
        return [seq for seq in range(self._stands_at + 1, to + 1) if seq in log and is_wanted(self.interest, log[seq])]

    @property
    def _stands_at(self) -> int:
        return 0 if self.position is None else self.position.seq

    def _stand(self, seq: int) -> None:
        self.position = Position("" if self.position is None else self.position.epoch, seq)
