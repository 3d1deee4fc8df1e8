"""Rounds in which everybody has a turn, so that a machine's moods meet all alike."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from rich.console import Console
from rich.progress import Progress


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asked for. ``only``: parts of names, one of which a subject's must hold."""

    quick: bool
    rounds: int
    only: Sequence[str] = ()
    console: Console = field(default_factory=lambda: Console(stderr=True))

    def chosen(self, name: str) -> bool:
        """Tell whether a subject is to be measured."""
        return not self.only or any(part.lower() in name.lower() for part in self.only)

    def choose(self, full: float, quick: float) -> float:
        """Return the figure for this kind of run."""
        return quick if self.quick else full

    def count(self, full: int, quick: int) -> int:
        """Return the number for this kind of run."""
        return quick if self.quick else full


class Subject(Protocol):
    """Who has a turn."""

    @property
    def name(self) -> str:
        """The name in the figures."""

    def missing(self) -> str | None:
        """Return how to get what is missing; None where nothing is."""


SubjectT = TypeVar("SubjectT", bound=Subject)


@dataclass(slots=True)
class Outcome:
    """Who could not take part, and whose turns failed, with the reason."""

    skipped: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


async def in_turns(
    options: Options, what: str, subjects: Sequence[SubjectT], turn: Callable[[SubjectT], Awaitable[None]]
) -> Outcome:
    """Give every subject a turn in each round; one that failed has no more."""
    outcome = Outcome()
    chosen = [subject for subject in subjects if options.chosen(subject.name)]
    for subject in chosen:
        if (reason := subject.missing()) is not None:
            outcome.skipped[subject.name] = reason
            options.console.print(f"skipped: {subject.name}: {reason}")
    with Progress(console=options.console) as progress:
        bar = progress.add_task(what, total=options.rounds * len(chosen))
        for _ in range(options.rounds):
            for subject in chosen:
                progress.update(bar, description=f"{what}: {subject.name}")
                if subject.name not in {**outcome.skipped, **outcome.failed}:
                    await _one(options, outcome, subject, turn)
                progress.advance(bar)
    return outcome


async def _one(
    options: Options, outcome: Outcome, subject: SubjectT, turn: Callable[[SubjectT], Awaitable[None]]
) -> None:
    """A peer that breaks is a finding about it, and no reason to lose everybody else's figures."""
    try:
        await turn(subject)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is written down
        outcome.failed[subject.name] = f"{type(error).__name__}: {error}".strip()[:2000]
        options.console.print(f"failed: {subject.name}: {outcome.failed[subject.name]}")
