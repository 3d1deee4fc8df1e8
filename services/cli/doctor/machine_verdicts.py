"""Verdicts on this machine: ports, supervised programs, measured delivery. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from services.cli.doctor.bus_verdicts import judge_bus
from services.cli.doctor.certificate_verdicts import judge_certificate
from services.cli.doctor.facts import BusFacts, MachineFacts, PortFacts
from services.cli.doctor.finding import Finding
from services.cli.scaling import Program, is_running, workers
from services.cli.status_lines import duration
from services.monitor.status import LineStatus, Status
from shared.bus.handshakes import PATIENCE
from shared.line_book import LineState

_MUST_RUN = ("pg-listener", "monitor")
_ENDED = frozenset({"STOPPED", "EXITED"})


def judge_machine(facts: MachineFacts) -> Iterator[Finding]:
    """Yield the findings on this machine; one where nothing of ours runs is told how to start it."""
    yield from _ports(facts.ports)
    yield from judge_bus(facts.bus)
    yield from judge_certificate(facts.certificate)
    yield from _supervision(facts)
    yield from _delivery(facts)


def _ports(ports: Sequence[PortFacts]) -> Iterator[Finding]:
    ailing = [finding for port in ports for finding in _port(port)]
    yield from ailing or [Finding("ok", "ports", "none is taken by somebody else")]


def _port(port: PortFacts) -> Iterator[Finding]:
    if port.answered_by == "other":
        yield Finding(
            "problem",
            "ports",
            f"somebody else answers at {port.address}, where {port.purpose} should",
            f"stop that program (ss -ltnp shows it), or set {port.variable}",
        )
    elif port.answered_by == "nobody":
        yield Finding(
            "problem",
            "ports",
            f"{port.address}, where {port.purpose} should answer, accepts connections and says nothing",
            "one of ours hangs, or it is somebody else's: ss -ltnp shows the program",
        )


def _supervision(facts: MachineFacts) -> Iterator[Finding]:
    if facts.programs is None:
        yield Finding("note", "supervisord", facts.supervisor_failure or "does not answer")
        return
    ailing = [finding for program in facts.programs for finding in _program(program)]
    if not any(is_running(program) for program in workers(facts.programs)):
        ailing.append(Finding("problem", "gateways", "no gateway worker runs", "run wasla scale 2"))
    yield from ailing or [Finding("ok", "supervisord", "every program is as it should be")]


def _program(program: Program) -> Iterator[Finding]:
    advice = f"read supervisord's log, then supervisorctl start {program.full_name}"
    if program.state == "FATAL":
        yield Finding("problem", program.full_name, f"supervisord gave up on it ({program.detail})", advice)
    elif program.state == "BACKOFF":
        yield Finding("warning", program.full_name, f"ends as soon as it starts ({program.detail})", advice)
    elif program.group in _MUST_RUN and program.state in _ENDED:
        yield Finding("warning", program.full_name, f"is not running ({program.state})", advice)


def _delivery(facts: MachineFacts) -> Iterator[Finding]:
    if facts.status is None:
        yield Finding("problem", "delivery", f"not measured: {facts.status_failure or 'no monitor answers'}")
        return
    yield _probe(facts.status)
    yield from _lines(facts.status.lines, facts.bus)
    told = {line.remark for line in facts.status.lines}
    for warning in facts.status.warnings:
        if warning not in told:
            yield Finding("warning", "monitor", warning)


def _lines(lines: Sequence[LineStatus], bus: BusFacts) -> Iterator[Finding]:
    """Say of each line what the monitor says of it, and what to do."""
    ailing = [Finding("warning", "lines", line.remark, _line_advice(line, bus)) for line in lines if line.remark]
    yield from ailing
    if lines and not ailing and all(line.state == LineState.GOOD for line in lines):
        yield Finding("ok", "lines", f"every listener is heard and up to date ({len(lines)})")


def _line_advice(line: LineStatus, bus: BusFacts) -> str:
    if line.state in _UNHEARD and bus.refusals.get(line.line, 0) >= PATIENCE:
        return (
            "it hangs up on this machine, as one with another bus key does, or with one where the other has none: "
            f"compare sha256sum {bus.key_file} on both, copy one file to the other, restart the processes there"
        )
    return _LINE_ADVICE.get(line.state, "")


def _probe(status: Status) -> Finding:
    realtime = status.realtime
    if realtime.late:
        hop = realtime.missing_hop or "unknown"
        return Finding(
            "problem",
            "delivery",
            f"the probe is late at the hop {hop} ({realtime.reason or 'nothing came'})",
            _ADVICE.get(hop, "wasla status shows which process is silent"),
        )
    if not status.ready:
        return Finding("problem", "delivery", "; ".join(status.reasons) or "the monitor says it is not ready")
    if realtime.seconds is None:
        return Finding("warning", "delivery", "no round trip was completed yet", "look again in a few seconds")
    return Finding("ok", "delivery", f"a change takes {duration(realtime.seconds)} from table to WebSocket")


_UNHEARD = frozenset({LineState.UNHEARD, LineState.SILENT})

_LINE_ADVICE: dict[str, str] = {
    LineState.UNHEARD: "start pg-listener there, or take the address out of WASLA_BUS_CONNECT",
    LineState.SILENT: "see that machine, its pg-listener's log, and what the network between lets through",
    LineState.NO_DATABASE: "see that pg-listener's log: it must reach PostgreSQL to take over",
    LineState.ELSEWHERE: "compare WASLA_DATABASE_URL on both machines",
    LineState.BEHIND: "see that machine's load and its way to PostgreSQL",
    LineState.LOSING: "raise WASLA_RECEIVE_HIGH_WATER_MARK, or give this machine more processor time",
}

_ADVICE = {
    "connected": "no gateway accepts the probe: see the findings on the ports and the gateways' log",
    "captured": "see the findings on the database; where those are good, run wasla setup and look at its triggers",
    "sequenced": "no pg-listener is leading: see wasla status, then its log",
    "published": "pg-listener does not publish: see its log",
    "gateway": "gateways hear no listener: compare WASLA_BUS_CONNECT with WASLA_BUS_BIND",
    "received": "the gateway does not deliver: see its log",
}
