"""What the facts mean and what to do about them. Pure: facts in, findings out, in the order in which to act."""

from __future__ import annotations

from services.cli.doctor.database_verdicts import judge_database
from services.cli.doctor.facts import Facts
from services.cli.doctor.finding import Finding, Level
from services.cli.doctor.machine_verdicts import judge_machine


def judge(facts: Facts) -> list[Finding]:
    """Return every finding; what is in order is said in one line a subject."""
    return [*judge_database(facts.database), *judge_machine(facts.machine)]


def is_healthy(findings: list[Finding]) -> bool:
    """Tell whether nothing stops deliveries."""
    return all(finding.level != "problem" for finding in findings)


def summary(findings: list[Finding]) -> tuple[Level, str]:
    """Return the worst level and one line that counts what was found."""
    problems, warnings = (sum(finding.level == level for finding in findings) for level in ("problem", "warning"))
    good = len(findings) - problems - warnings
    counted = f"{good} in order, {_times(warnings, 'warning')}, {_times(problems, 'problem')}"
    if problems:
        return "problem", counted
    return ("warning", counted) if warnings else ("ok", f"{good} in order, nothing is wrong")


def _times(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"
