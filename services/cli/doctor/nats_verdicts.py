"""Verdicts on the bus over NATS. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from services.cli.doctor.facts import BusFacts, NatsFacts
from services.cli.doctor.finding import Finding

SUBJECT = "bus"
LEAST_VERSION = (2, 11, 0)
"""The first that reads several stored messages at a question."""


def judge_nats(bus: BusFacts) -> Iterator[Finding]:
    """Yield the findings on the engines in use; nothing where NATS is not one of them."""
    if bus.nats is None:
        return
    yield _server(bus.nats)
    if bus.nats.behind:
        yield Finding(
            "warning",
            SUBJECT,
            f"the stream is {bus.nats.behind} events behind the listener here, so gateways ask it for each",
            "where that lasts, see what the listener says of the stream in its log",
        )
    if len(bus.engines) > 1:
        reads, other = bus.engines
        yield Finding("note", SUBJECT, f"listeners publish on {reads} and on {other}, gateways read {reads}")


def _server(nats: NatsFacts) -> Finding:
    if nats.failure is not None:
        return Finding(
            "problem",
            SUBJECT,
            f"no NATS server can be used ({nats.failure})",
            "see that they run and let this machine in, or correct WASLA_BUS and WASLA_BUS_CREDENTIALS",
        )
    version = ".".join(map(str, nats.version))
    if nats.version < LEAST_VERSION:
        return Finding(
            "problem", SUBJECT, f"expected NATS 2.11 or newer at {nats.server}, it is {version}", "install a newer one"
        )
    return Finding("ok", SUBJECT, f"NATS {version} at {nats.server}")
