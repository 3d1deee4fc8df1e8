"""``/status.json``: its structure, and how it is read from the observations.

Times named ``*_at`` and ``since`` are RFC 3339 in UTC, ages and durations are seconds; what is not known is null.
Fields are only ever added. The three indicators of the page are ``database``, ``websocket`` and ``realtime``.
"""

from __future__ import annotations

import msgspec

from services.monitor.ledger import Entry
from services.monitor.observations import Observations
from services.monitor.programs import Program
from services.monitor.readiness import judge
from shared.line_book import LineState, Verdict
from shared.protocol import timestamp


class DatabaseStatus(msgspec.Struct, frozen=True):
    """The database, as the probe's connection finds it."""

    up: bool | None
    since: str | None
    reason: str | None


class WebSocketStatus(msgspec.Struct, frozen=True):
    """The gateways' port, as the probe finds it."""

    up: bool | None
    reason: str | None


class RealtimeStatus(msgspec.Struct, frozen=True):
    """The round trip: ``seconds`` in all and by hop, ``age`` of the last one, and what is missing when it is late."""

    late: bool
    missing_hop: str | None
    reason: str | None
    seconds: float | None
    hops: dict[str, float]
    age: float | None


class EventStatus(msgspec.Struct, frozen=True):
    """The newest event of a watched table that passed since the monitor started."""

    seq: int
    table: str
    captured_at: str
    age: float


class LineStatus(msgspec.Struct, frozen=True):
    """One listener that is configured or was heard, by its last beat.

    ``state`` is the verdict on the line (:class:`shared.line_book.LineState`); ``remark`` says it in a sentence where
    it ails. ``behind`` counts events, ``age`` is since the last beat.
    """

    line: str
    listener: str
    leading: bool
    epoch: str
    top_seq: int
    database_up: bool
    silent: bool
    age: float
    state: str = "good"
    behind: int = 0
    remark: str | None = None


class ProcessStatus(msgspec.Struct, frozen=True):
    """One process, by its last heartbeat; ``presence`` is ``present``, ``late`` or ``lost``."""

    process: str
    role: str
    machine: str
    pid: int
    state: str
    presence: str
    age: float
    loop_lag: float
    restarts: int
    supervised: bool


class ProgramStatus(msgspec.Struct, frozen=True):
    """One process, by what supervisord says of it."""

    name: str
    state: str
    pid: int
    uptime: float
    explanation: str


class Status(msgspec.Struct, frozen=True):
    """All of it. ``programs`` is null where no supervisord answers."""

    machine: str
    generated_at: str
    ready: bool
    reasons: list[str]
    warnings: list[str]
    database: DatabaseStatus
    websocket: WebSocketStatus
    realtime: RealtimeStatus
    last_event: EventStatus | None
    lines: list[LineStatus]
    processes: list[ProcessStatus]
    programs: list[ProgramStatus] | None


def read_status(seen: Observations, *, now: float, unix_now: float) -> Status:
    """Return the status at this moment; ``now`` is monotonic seconds."""
    verdict = judge(seen, now)
    return Status(
        machine=seen.machine,
        generated_at=timestamp(unix_now),
        ready=verdict.is_ready,
        reasons=verdict.reasons,
        warnings=verdict.warnings,
        database=_database(seen),
        websocket=WebSocketStatus(seen.websocket.is_up, seen.websocket.reason),
        realtime=_realtime(seen, now),
        last_event=_last_event(seen, unix_now),
        lines=[_line(verdict) for verdict in seen.lines.judge(now)],
        processes=[_process(entry, now) for _, entry in sorted(seen.ledger.entries.items())],
        programs=None if seen.programs is None else [_program(program) for program in seen.programs],
    )


def _database(seen: Observations) -> DatabaseStatus:
    since = seen.database.since
    return DatabaseStatus(seen.database.is_up, timestamp(since) if since is not None else None, seen.database.reason)


def _realtime(seen: Observations, now: float) -> RealtimeStatus:
    lateness, last = seen.round_trip.lateness(now), seen.round_trip.last
    return RealtimeStatus(
        late=lateness is not None,
        missing_hop=lateness.missing.label if lateness is not None else None,
        reason=lateness.reason if lateness is not None else None,
        seconds=last.total if last is not None else None,
        hops={hop.label: seconds for hop, seconds in last.hops.items()} if last is not None else {},
        age=now - last.arrived_at if last is not None else None,
    )


def _last_event(seen: Observations, unix_now: float) -> EventStatus | None:
    event = seen.lines.last_event
    if event is None:
        return None
    age = max(0.0, unix_now - event.captured_at)
    return EventStatus(event.seq, event.table, timestamp(event.captured_at), age)


def _line(verdict: Verdict) -> LineStatus:
    beat = verdict.beat
    return LineStatus(
        line=verdict.line,
        listener=beat.listener if beat else "",
        leading=beat is not None and beat.leading,
        epoch=beat.epoch if beat else "",
        top_seq=beat.top_seq if beat else 0,
        database_up=beat is not None and beat.database_up,
        silent=beat is None or verdict.state is LineState.SILENT,
        age=verdict.age,
        state=str(verdict.state),
        behind=verdict.behind,
        remark=verdict.remark,
    )


def _process(entry: Entry, now: float) -> ProcessStatus:
    heartbeat = entry.heartbeat
    return ProcessStatus(
        process=heartbeat.process,
        role=heartbeat.role,
        machine=heartbeat.machine,
        pid=heartbeat.pid,
        state=heartbeat.state,
        presence=str(entry.presence),
        age=now - entry.heard_at,
        loop_lag=heartbeat.loop_lag,
        restarts=entry.restarts,
        supervised=heartbeat.supervised,
    )


def _program(program: Program) -> ProgramStatus:
    return ProgramStatus(program.name, program.state, program.pid, program.uptime, program.explanation)
