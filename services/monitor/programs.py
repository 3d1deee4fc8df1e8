"""What supervisord says of its processes."""

from __future__ import annotations

from typing import NamedTuple

_ENDED = frozenset({"STOPPED", "EXITED"})


class Program(NamedTuple):
    """One process of supervisord.

    ``name`` is ``group:name``, as heartbeats carry it; ``state`` one of supervisord's words (``RUNNING``,
    ``STARTING``, ``BACKOFF``, ``FATAL``, ``STOPPED``, ...); ``uptime`` in seconds by supervisord's clock;
    ``explanation`` its own words on why, empty when it has none.
    """

    name: str
    group: str
    state: str
    pid: int
    uptime: float
    explanation: str = ""

    @property
    def is_running(self) -> bool:
        """Started, and up for as long as supervisord was told to ask for."""
        return self.state == "RUNNING"

    @property
    def is_stopped(self) -> bool:
        """Ended because somebody asked for it. A program that crashed is EXITED until it is started again."""
        return self.state == "STOPPED"

    @property
    def is_meant_to_run(self) -> bool:
        """Running, or about to, or given up."""
        return self.state not in _ENDED

    @property
    def is_given_up(self) -> bool:
        """Supervisord no longer tries to start it."""
        return self.state == "FATAL"
