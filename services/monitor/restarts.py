"""Which process hangs: supervisord says that it runs, but it has fallen silent.

A dead process is supervisord's to restart, it sees the exit. What it cannot see is a process that is there and does
nothing. Being wrong here would cut healthy connections, so every doubt means no:

- nothing is decided while the monitor does not hear its own heartbeat, for then the fault may be its own (so it never
  kills itself either);
- a process that was heard from with the pid that runs now has ``restart_after``, one that was not (it may still be
  starting) ``restart_grace``; only programs that are known to send heartbeats are considered at all, for anybody on
  this machine can send one in the name of another, PostgreSQL's for instance, and then fall silent;
- the same process is not killed twice within ``min_interval``, and not more than one at each look.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from services.monitor.ledger import Ledger
from services.monitor.programs import Program


class Restarts:
    """Decides what to kill so that supervisord starts it again; remembers what it said. Times in seconds."""

    def __init__(
        self, *, own: str, groups: Collection[str], restart_after: float, restart_grace: float, min_interval: float
    ) -> None:
        self._own = own
        self._groups = groups
        self._restart_after = restart_after
        self._restart_grace = restart_grace
        self._min_interval = min_interval
        self._killed_at: dict[str, float] = {}

    def due(self, ledger: Ledger, programs: Iterable[Program], now: float) -> Program | None:
        """Return the process to kill now, the longest silent one; the caller kills it, this counts it as done."""
        if not ledger.is_present(self._own):
            return None
        hung = [program for program in programs if self._hangs(program, ledger, now)]
        if not hung:
            return None
        worst = max(hung, key=lambda program: ledger.quiet_for(program.name, now))
        self._killed_at[worst.name] = now
        return worst

    def _hangs(self, program: Program, ledger: Ledger, now: float) -> bool:
        entry = ledger.entries.get(program.name)
        if not program.is_running:
            return False
        if program.group not in self._groups:
            return False
        if now - self._killed_at.get(program.name, float("-inf")) < self._min_interval:
            return False
        quiet = ledger.quiet_for(program.name, now)
        if entry is not None and entry.heartbeat.pid == program.pid:
            return quiet >= self._restart_after
        return min(quiet, program.uptime) >= self._restart_grace
