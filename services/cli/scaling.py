"""How many gateway workers run, and which to start or stop for another number. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

GROUPS = ("gateway", "gateway-extra")
"""supervisord's groups of gateway workers, in the order in which they are filled."""

_RUNNING = frozenset({"RUNNING", "STARTING", "BACKOFF"})


@dataclass(frozen=True, slots=True)
class Program:
    """One process as supervisord reports it; ``detail`` is its own words (pid and uptime, or why it ended)."""

    group: str
    name: str
    state: str
    detail: str = ""
    pid: int = 0

    @property
    def full_name(self) -> str:
        """The name that supervisord's commands take."""
        return f"{self.group}:{self.name}"


@dataclass(frozen=True, slots=True)
class Plan:
    """Which workers to start and which to stop, in order."""

    start: tuple[Program, ...]
    stop: tuple[Program, ...]


def workers(programs: Sequence[Program]) -> list[Program]:
    """Return the gateway workers among *programs*, first the ones that always run."""
    known = [program for program in programs if program.group in GROUPS]
    return sorted(known, key=lambda program: (GROUPS.index(program.group), program.name))


def is_running(program: Program) -> bool:
    """Tell whether supervisord has, or is about to have, this process up."""
    return program.state in _RUNNING


def plan(programs: Sequence[Program], wanted: int) -> Plan:
    """Return what makes exactly the first *wanted* workers run; raise ValueError where there are fewer."""
    known = workers(programs)
    if wanted > len(known):
        raise ValueError(f"supervisord has {len(known)} gateway workers, fewer than the {wanted} asked for")
    return Plan(
        start=tuple(program for program in known[:wanted] if not is_running(program)),
        stop=tuple(program for program in reversed(known[wanted:]) if is_running(program)),
    )
