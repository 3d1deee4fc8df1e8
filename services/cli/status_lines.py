"""The monitor's status as text: the indicators, the processes, the gateways, the listeners. Pure."""

from __future__ import annotations

from services.cli.gateways import Gateway
from services.cli.throughput import Rates
from services.monitor.status import Status

PROCESS_HEADERS = ("process", "state", "presence", "pid", "silence", "loop lag", "restarts")
GATEWAY_HEADERS = ("gateway", "clients", "lagging", "behind", "seq", "delivered")
LINE_HEADERS = ("listener", "line", "role", "epoch", "seq", "behind", "db", "silence")

Outcome = tuple[str, str]

STYLES = {
    "present": "green",
    "late": "yellow",
    "lost": "red",
    "leader": "bold",
    "good": "green",
    "up": "green",
    "down": "red",
    "awaited": "cyan",
    **dict.fromkeys(("unheard", "silent", "no database", "elsewhere", "behind", "losing"), "yellow"),
}
"""Colours of the words in the tables' cells."""


def indicators(status: Status) -> list[Outcome]:
    """Return one line an indicator: how it is, and in words."""
    found = [_database(status), _websocket(status), _realtime(status)]
    if status.last_event is not None:
        event = status.last_event
        found.append(("ok", f"last event: #{event.seq} of {event.table}, {duration(event.age)} ago"))
    found += [("warning", text) for text in status.warnings]
    found += [("problem", text) for text in status.reasons]
    return found


def process_rows(status: Status) -> list[list[str]]:
    """Return one row a process that sends heartbeats."""
    return [
        [
            process.process,
            process.state,
            process.presence,
            str(process.pid),
            duration(process.age),
            duration(process.loop_lag),
            str(process.restarts),
        ]
        for process in status.processes
    ]


def gateway_rows(gateways: list[Gateway]) -> list[list[str]]:
    """Return one row a gateway."""
    return [
        [gateway.process, *(str(n) for n in (gateway.clients, gateway.lagging, gateway.behind, gateway.seq)),
         str(gateway.deliveries)]
        for gateway in gateways
    ]  # fmt: skip


def throughput(rates: Rates) -> str:
    """Return what passes a second, in words."""
    if rates.events is None or rates.deliveries is None:
        return "throughput: being measured"
    return f"throughput: {_rate(rates.events)} events/s sequenced, {_rate(rates.deliveries)} deliveries/s to clients"


def _rate(rate: float) -> str:
    return f"{rate:.1f}" if rate < 100 else f"{rate:,.0f}"


def line_rows(status: Status) -> list[list[str]]:
    """Return one row a listener."""
    return [
        [
            line.line,
            line.state.replace("_", " "),
            "-" if line.silent else "leader" if line.leading else "standby",
            line.epoch[:8] or "-",
            str(line.top_seq),
            str(line.behind),
            "up" if line.database_up else "down",
            duration(line.age),
        ]
        for line in status.lines
    ]


def duration(seconds: float) -> str:
    """Return seconds in the unit that reads best."""
    if seconds < 1.0:
        return f"{seconds * 1000:.1f} ms"
    if seconds < 120.0:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200.0 else f"{seconds / 3600:.1f} h"


def _database(status: Status) -> Outcome:
    database = status.database
    if database.up is None:
        return "note", "DB: not looked at yet"
    if not database.installed:
        return "problem", "DB: not installed in this database yet: run wasla setup"
    since = f" since {database.since}" if database.since else ""
    return ("ok", f"DB: up{since}") if database.up else ("problem", f"DB: down{since}")


def _websocket(status: Status) -> Outcome:
    websocket = status.websocket
    if websocket.up is None:
        return "note", "WebSocket: not looked at yet"
    return (
        ("ok", "WebSocket: up") if websocket.up else ("problem", f"WebSocket: down: {websocket.reason or 'no answer'}")
    )


def _realtime(status: Status) -> Outcome:
    realtime = status.realtime
    if realtime.late:
        return "problem", f"Temps réel: late at the hop {realtime.missing_hop}"
    if realtime.seconds is None or realtime.age is None:
        return "note", "Temps réel: no round trip was completed yet"
    hops = ", ".join(f"{name} {duration(seconds)}" for name, seconds in realtime.hops.items())
    return "ok", f"Temps réel: {duration(realtime.seconds)} ({hops}), measured {duration(realtime.age)} ago"
