"""``/status.json``: its structure, and how it is read from the observations.

Times named ``*_at`` and ``since`` are RFC 3339 in UTC, ages and durations are seconds; what is not known is null.
Fields are only ever added. The three indicators of the page are ``database``, ``websocket`` and ``realtime``.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

import msgspec

from services.monitor.figures import LineCounts
from services.monitor.history import Sample
from services.monitor.ledger import Entry
from services.monitor.observations import Observations
from services.monitor.programs import Program
from services.monitor.readiness import judge
from shared.line_book import LineState, Verdict
from shared.protocol import timestamp

_PORTS: Final = {"ws": 80, "wss": 443}


class DatabaseStatus(msgspec.Struct, frozen=True):
    """The database, as the probe's connection finds it; ``age`` is since it was last looked at.

    Where it is down for want of the schema wasla alone ``installed`` is false.
    """

    up: bool | None
    since: str | None
    reason: str | None
    age: float | None = None
    installed: bool = True


class WebSocketStatus(msgspec.Struct, frozen=True):
    """The gateways' port, as the probe finds it; ``age`` is since it was last tried."""

    up: bool | None
    reason: str | None
    age: float | None = None


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
    it ails. ``behind`` counts events, ``age`` is since the last beat. ``first``, ``duplicates`` and ``missed`` count
    the events that this machine's gateways took from it before any other line, had already, and never got by it.
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
    first: int | None = None
    duplicates: int | None = None
    missed: int | None = None


class ProcessStatus(msgspec.Struct, frozen=True):
    """One process, by its last heartbeat; ``presence`` is ``present``, ``late`` or ``lost``.

    ``clients``, and how many of them are ``lagging``, are told by gateways; ``memory`` is in bytes; ``remarks`` are
    what the process says ails that it depends on.
    """

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
    clients: int | None = None
    lagging: int | None = None
    memory: int | None = None
    remarks: list[str] = []


class ProgramStatus(msgspec.Struct, frozen=True):
    """One process, by what supervisord says of it."""

    name: str
    state: str
    pid: int
    uptime: float
    explanation: str


class Status(msgspec.Struct, frozen=True):
    """All of it. ``programs`` is null where no supervisord answers.

    ``gateway_scheme`` (``ws`` or ``wss``) and ``gateway_port`` say where clients find the gateways on the host that
    serves this; ``probe_interval`` is in seconds; ``bus`` names its engines (``zmq``, ``nats``), the one
    that is read first; ``sample`` is the newest of ``/history.json``.
    """

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
    gateway_scheme: str = "ws"
    gateway_port: int = 8765
    probe_interval: float = 3.0
    bus: tuple[str, ...] = ("zmq",)
    sample: Sample | None = None


def read_status(seen: Observations, *, now: float, unix_now: float) -> Status:
    """Return the status at this moment; ``now`` is monotonic seconds."""
    verdict = judge(seen, now)
    gateway = urlsplit(seen.gateway_url)
    return Status(
        machine=seen.machine,
        generated_at=timestamp(unix_now),
        ready=verdict.is_ready,
        reasons=verdict.reasons,
        warnings=verdict.warnings,
        database=_database(seen, now),
        websocket=_websocket(seen, now),
        realtime=_realtime(seen, now),
        last_event=_last_event(seen, unix_now),
        lines=[_line(verdict, seen.figures.line(verdict.line)) for verdict in seen.lines.judge(now)],
        processes=[_process(name, entry, seen, now) for name, entry in sorted(seen.ledger.entries.items())],
        programs=None if seen.programs is None else [_program(program) for program in seen.programs],
        gateway_scheme=gateway.scheme,
        gateway_port=gateway.port or _PORTS[gateway.scheme],
        probe_interval=seen.probe_interval,
        bus=seen.bus,
        sample=seen.history.latest,
    )


def _database(seen: Observations, now: float) -> DatabaseStatus:
    view = seen.database
    since = timestamp(view.since) if view.since is not None else None
    return DatabaseStatus(view.is_up, since, view.reason, _age(view.looked_at, now), view.is_installed)


def _websocket(seen: Observations, now: float) -> WebSocketStatus:
    view = seen.websocket
    return WebSocketStatus(view.is_up, view.reason, _age(view.looked_at, now))


def _age(at: float | None, now: float) -> float | None:
    return now - at if at is not None else None


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


def _line(verdict: Verdict, counts: LineCounts | None) -> LineStatus:
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
        first=counts.first if counts else None,
        duplicates=counts.duplicates if counts else None,
        missed=counts.missed if counts else None,
    )


def _process(name: str, entry: Entry, seen: Observations, now: float) -> ProcessStatus:
    heartbeat, figures = entry.heartbeat, seen.figures.of(name)
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
        clients=figures.clients if figures else None,
        lagging=figures.lagging if figures else None,
        memory=seen.memory.get(name),
        remarks=heartbeat.remarks,
    )


def _program(program: Program) -> ProgramStatus:
    return ProgramStatus(program.name, program.state, program.pid, program.uptime, program.explanation)
