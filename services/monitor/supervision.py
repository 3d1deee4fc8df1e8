"""The regular look at the processes: reviews the ledger, and has what hangs restarted.

Without supervisord (started by hand) it only reports. What is logged is what changed.
"""

from __future__ import annotations

import asyncio
import time

import structlog

from services.monitor.ledger import Change, Presence
from services.monitor.metrics import MonitorMetrics
from services.monitor.observations import Observations
from services.monitor.programs import Program
from services.monitor.restarts import Restarts
from services.monitor.supervisor import Supervisor, SupervisorUnavailable

log = structlog.get_logger(__name__)


class Supervision:
    """Runs until cancelled; a cancelled look leaves nothing half done."""

    def __init__(
        self,
        seen: Observations,
        restarts: Restarts,
        metrics: MonitorMetrics,
        *,
        supervisor: Supervisor | None,
        interval: float,
    ) -> None:
        self._seen = seen
        self._restarts = restarts
        self._metrics = metrics
        self._supervisor = supervisor
        self._interval = interval
        self._given_up: frozenset[str] = frozenset()
        self._is_answering = True

    async def run(self) -> None:
        """Look, wait, look again."""
        while True:
            await self.look()
            await asyncio.sleep(self._interval)

    async def look(self) -> None:
        """Look once."""
        programs = await self._ask_supervisor()
        now = time.monotonic()
        running = {program.name for program in programs if program.is_meant_to_run}
        stopped = {program.name for program in programs if program.is_stopped}
        for change in self._seen.ledger.review(now, meant_to_run=running, stopped=stopped):
            _report(change)
        self._report_given_up(programs)
        hung = self._restarts.due(self._seen.ledger, programs, now)
        if hung is not None:
            await self._kill(hung, now)

    async def _ask_supervisor(self) -> list[Program]:
        if self._supervisor is None:
            return []
        try:
            self._seen.programs = await self._supervisor.programs()
        except SupervisorUnavailable as error:
            self._seen.programs = None
            if self._is_answering:
                log.warning("supervisord does not answer", reason=str(error))
            self._is_answering = False
            return []
        self._is_answering = True
        return self._seen.programs

    async def _kill(self, hung: Program, now: float) -> None:
        if self._supervisor is None:
            return
        quiet_for = round(self._seen.ledger.quiet_for(hung.name, now), 1)
        log.warning("hung process killed, to be restarted", program=hung.name, pid=hung.pid, quiet_for=quiet_for)
        try:
            await self._supervisor.kill(hung.name)
        except SupervisorUnavailable as error:
            log.warning("hung process not killed", program=hung.name, reason=str(error))
            return
        self._metrics.kills.labels(hung.name).inc()

    def _report_given_up(self, programs: list[Program]) -> None:
        given_up = frozenset(program.name for program in programs if program.is_given_up)
        for program in sorted(given_up - self._given_up):
            log.error("supervisord gave up on a program", program=program)
        self._given_up = given_up


def _report(change: Change) -> None:
    silence = round(change.silence, 1)
    if change.presence in {Presence.LATE, Presence.LOST}:
        log.warning("process silent", program=change.process, presence=str(change.presence), silence=silence)
    else:
        log.info("process heard" if change.presence is Presence.PRESENT else "process gone", program=change.process)
