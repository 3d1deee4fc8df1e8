"""Facts of a machine on which all is well, to be spoiled in one point at a time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from services.cli.doctor.facts import (
    DatabaseFacts,
    DriftedTable,
    Facts,
    InstallationFacts,
    MachineFacts,
    PortFacts,
    ServerFacts,
    WatchedTable,
)
from services.cli.scaling import Program
from services.monitor.status import DatabaseStatus, LineStatus, RealtimeStatus, Status, WebSocketStatus
from shared.line_book import LineState, Verdict

SERVER = ServerFacts(
    version=180006,
    user="wasla",
    is_superuser=False,
    encoding="UTF8",
    in_recovery=False,
    may_create_schema=True,
    clock_ahead=0.01,
    round_trip=0.002,
    max_prepared_transactions=0,
    notification_queue_usage=0.0,
    notifications_arrive=True,
)
BOOKINGS = WatchedTable(table="bookings", channel="booking_events")
INSTALLED = InstallationFacts(installed=True, watched=(BOOKINGS,))
REALTIME = RealtimeStatus(late=False, missing_hop=None, reason=None, seconds=0.004, hops={}, age=1.0)
STATUS = Status(
    machine="m",
    generated_at="2026-01-01T00:00:00Z",
    ready=True,
    reasons=[],
    warnings=[],
    database=DatabaseStatus(up=True, since=None, reason=None),
    websocket=WebSocketStatus(up=True, reason=None),
    realtime=REALTIME,
    last_event=None,
    lines=[],
    processes=[],
    programs=None,
)
GATEWAYS = PortFacts(purpose="the gateways", variable="WASLA_PORT", address="127.0.0.1:8765", answered_by="ours")
GATEWAY_WORKERS = (Program("gateway", "gateway-00", "RUNNING"), Program("gateway", "gateway-01", "STOPPED"))
MACHINE = MachineFacts(
    ports=(GATEWAYS,), programs=(Program("postgres", "postgres", "EXITED"), *GATEWAY_WORKERS), status=STATUS
)


LINE = LineStatus("tcp://a:1", "l", True, "e", 1, True, False, 0.1)
NO_DATABASE = LineStatus(
    "tcp://b:1",
    "l",
    False,
    "e",
    1,
    False,
    False,
    0.1,
    state=str(LineState.NO_DATABASE),
    remark=Verdict("tcp://b:1", LineState.NO_DATABASE, 0.1).remark,
)


def facts(
    *,
    server: dict[str, Any] | None = None,
    installation: InstallationFacts = INSTALLED,
    machine: MachineFacts = MACHINE,
) -> Facts:
    database = DatabaseFacts(
        address="PostgreSQL at db/station", server=replace(SERVER, **(server or {})), installation=installation
    )
    return Facts(database, machine)


def table(**seen: Any) -> InstallationFacts:
    return InstallationFacts(installed=True, watched=(replace(BOOKINGS, **seen),))


def drifted(**seen: Any) -> InstallationFacts:
    known = {"name_now": "bookings", "key_now": ("id",), **seen}
    table = DriftedTable(
        table="bookings",
        relation=known["name_now"],
        channel="booking_events",
        capture="notify_booking_change",
        key_columns=("id",),
        **known,
    )
    return replace(INSTALLED, drifted=(table,))


def program(name: str, state: str) -> MachineFacts:
    return replace(MACHINE, programs=(*GATEWAY_WORKERS, Program(name, name, state, "Exited too quickly")))


def stopped_gateways() -> MachineFacts:
    return replace(MACHINE, programs=(Program("gateway", "gateway-00", "STOPPED"),))


def port(answered_by: Any) -> MachineFacts:
    return replace(MACHINE, ports=(replace(GATEWAYS, answered_by=answered_by),))


def measured(**seen: Any) -> MachineFacts:
    return replace(MACHINE, status=Status(**{**{f: getattr(STATUS, f) for f in STATUS.__struct_fields__}, **seen}))


def late(hop: str) -> MachineFacts:
    realtime = RealtimeStatus(
        late=True, missing_hop=hop, reason="nothing came for 2.0 s", seconds=None, hops={}, age=None
    )
    return measured(ready=False, realtime=realtime)
