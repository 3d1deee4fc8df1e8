"""What the gateway says of a refusal to the record: who it was, as far as a signature vouches for that.

Refusals at the door, refusals of what a role may not do, and each limit have a number of lines a second of their own:
whoever keeps on reaching the one cannot hide the others.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from services.gateway.access.denials import Denial, Why
from shared.access.audit import RefusalLog

if TYPE_CHECKING:
    from services.gateway.connection import Connection
    from services.gateway.limits import Limit

FORBIDDEN_LINES: Final = 5
LIMIT_LINES: Final = 1
"""Lines a second: of all that roles may not do, and of each limit."""


class Audit:
    """Writes one line for each refusal, up to a number a second."""

    def __init__(self) -> None:
        self._log = RefusalLog()
        self._forbidden = RefusalLog(FORBIDDEN_LINES)
        self._limits: dict[Limit, RefusalLog] = defaultdict(lambda: RefusalLog(LIMIT_LINES))

    def refused(self, connection: Connection, what: str, denial: Denial, now: float, **fields: str) -> None:
        """Note that a client's *what* was refused. *fields* are what it said; no secret is one of them."""
        log = self._forbidden if denial.why is Why.FORBIDDEN else self._log
        shown = fields if denial.user is None else {**fields, "user": denial.user}
        log.refused(remote=connection.visit.remote, what=what, why=str(denial.why), now=now, **shown)

    def limited(self, limit: Limit, remote: str | None, now: float) -> None:
        """Note that somebody reached a limit."""
        self._limits[limit].refused(remote=remote, what="limit", why=str(limit), now=now)
