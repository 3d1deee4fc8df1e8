"""What the gateway says of a refusal to the record: who it was, as far as a signature vouches for that."""

from __future__ import annotations

from services.gateway.access.denials import Denial
from services.gateway.connection import Connection
from shared.access.audit import RefusalLog


class Audit:
    """Writes one line for each refusal, up to a number a second."""

    def __init__(self) -> None:
        self._log = RefusalLog()

    def refused(self, connection: Connection, what: str, denial: Denial, now: float, **fields: str) -> None:
        """Note that a client's *what* was refused. *fields* are what it said; no secret is one of them."""
        shown = fields if denial.user is None else {**fields, "user": denial.user}
        self._log.refused(remote=remote(connection), what=what, why=str(denial.why), now=now, **shown)


def remote(connection: Connection) -> str | None:
    """Return where a connection comes from, for people."""
    peer = connection.transport.get_extra_info("peername")
    return str(peer[0]) if peer else None
