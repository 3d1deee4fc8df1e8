"""Verdicts on the bus over NATS. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from services.cli.doctor.facts import BusFacts, NatsFacts
from services.cli.doctor.finding import Finding

SUBJECT = "bus"
LEAST_VERSION = (2, 11, 0)
"""The first that reads several stored messages at a question."""

NOT_VERIFIED = "certificate verify failed"
"""How OpenSSL says that it does not trust a certificate, or that it is of another name."""


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
    if nats.refusal is not None:
        return Finding("problem", SUBJECT, nats.refusal)
    if nats.failure is not None:
        return Finding("problem", SUBJECT, f"no NATS server can be used ({nats.failure})", _advice(nats.failure))
    version = ".".join(map(str, nats.version))
    if nats.version < LEAST_VERSION:
        return Finding(
            "problem", SUBJECT, f"expected NATS 2.11 or newer at {nats.server}, it is {version}", "install a newer one"
        )
    return Finding("ok", SUBJECT, f"NATS {version} at {nats.server}")


def _advice(failure: str) -> str:
    if NOT_VERIFIED in failure.lower():
        return "let WASLA_BUS_CA name the authority of their certificates, and WASLA_BUS the servers as these do"
    return "see that they run and let this machine in, or correct WASLA_BUS and WASLA_BUS_CREDENTIALS"
