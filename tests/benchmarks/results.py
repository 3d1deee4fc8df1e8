"""What a scenario found: values by subject, one for each round, and the ratios that can be compared.

A ratio is taken inside each round, where both sides had the same machine, and the median of those is told. Values in
seconds or microseconds say something about one machine on one day; ratios should hold elsewhere.
"""

from __future__ import annotations

import statistics
from pathlib import Path

import msgspec


class Measure(msgspec.Struct, kw_only=True):
    """One quantity. ``reference`` is the subject that the others are divided by."""

    title: str
    unit: str
    reference: str | None = None
    drawn: bool = True
    logarithmic: bool = False
    values: dict[str, list[float]] = {}

    def add(self, subject: str, value: float) -> None:
        """Take one round's value."""
        self.values.setdefault(subject, []).append(value)

    def median(self, subject: str) -> float:
        """Return the median over the rounds."""
        return statistics.median(self.values[subject])

    def ratio(self, subject: str) -> float | None:
        """Return the median of the rounds' ratios to the reference, None without one."""
        if self.reference is None or self.reference not in self.values:
            return None
        pairs = zip(self.values[subject], self.values[self.reference], strict=False)
        ratios = [value / reference for value, reference in pairs if reference]
        return statistics.median(ratios) if ratios else None


class Result(msgspec.Struct, kw_only=True):
    """One scenario's figures; ``skipped`` holds who could not be measured, and what would help."""

    name: str
    title: str
    about: str
    quick: bool
    environment: dict[str, object]
    measures: list[Measure]
    skipped: dict[str, str] = {}
    failed: dict[str, str] = {}
    remarks: list[str] = []


def write(result: Result, directory: Path) -> Path:
    """Write the result as JSON and return where."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{result.name}.json"
    path.write_bytes(msgspec.json.format(msgspec.json.encode(result), indent=1) + b"\n")
    return path


def read(path: Path) -> Result:
    """Read a result that was written before."""
    return msgspec.json.decode(path.read_bytes(), type=Result)
