"""What a command of several steps did, told as it happens and kept for ``--json``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from services.cli.terminal import say_outcome

Outcome = Literal["ok", "skipped", "failed", "note"]


@dataclass(frozen=True, slots=True)
class Step:
    """One step: how it went, and what was done in words."""

    outcome: Outcome
    text: str


@dataclass(slots=True)
class Journal:
    """The steps so far; a ``quiet`` one only keeps them."""

    quiet: bool = False
    steps: list[Step] = field(default_factory=list)

    def add(self, outcome: Outcome, text: str) -> None:
        """Note a step that has just ended."""
        self.steps.append(Step(outcome, text))
        if not self.quiet:
            say_outcome(outcome, text)
