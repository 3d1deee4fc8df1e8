"""What is told while a command works, on standard error: gone when the work is done, and nothing where that is a pipe.

``with working("waiting for test events", total=4) as work: ... work.advance()``. Whatever is printed meanwhile goes
through :mod:`services.cli.terminal`, which clears the line first (:func:`aside`).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
)

from services.cli.tables import printable

_shown: list[Progress] = []
"""The line that is on the terminal now; one at most, for a command does one thing at a time."""


class Work:
    """One piece of work that is told of; without a terminal it says nothing."""

    def __init__(self, progress: Progress | None, text: str, total: int | None) -> None:
        self._progress = progress
        self._task = None if progress is None else progress.add_task(printable(text), total=total)

    def now(self, text: str) -> None:
        """Say what is being done now."""
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, description=printable(text))

    def begin(self, total: int) -> None:
        """Say how many there are to do, once that is known; the bar fills from here."""
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, total=total, completed=0)

    def advance(self) -> None:
        """One more is done."""
        if self._progress is not None and self._task is not None:
            self._progress.advance(self._task)


@contextmanager
def working(text: str, total: int | None = None) -> Iterator[Work]:
    """Show that something is being done, with a bar where it is known how much there is to do."""
    if not sys.stderr.isatty():
        yield Work(None, text, total)
        return
    progress = Progress(*_columns(), console=Console(stderr=True), transient=True)
    with progress:
        _shown.append(progress)
        try:
            yield Work(progress, text, total)
        finally:
            _shown.remove(progress)


@contextmanager
def aside() -> Iterator[None]:
    """Take the line off the terminal while something else is printed there."""
    for progress in _shown:
        progress.stop()
    yield
    for progress in _shown:
        progress.start()


def _columns() -> Iterator[ProgressColumn]:
    yield SpinnerColumn()
    yield TextColumn("{task.description}", markup=False)
    yield _Counted(BarColumn(bar_width=24))
    yield _Counted(MofNCompleteColumn())
    yield TimeElapsedColumn()


class _Counted(ProgressColumn):
    """A column that is there only where it is known how much there is to do."""

    def __init__(self, column: ProgressColumn) -> None:
        self._column = column
        super().__init__()

    def render(self, task: Task) -> RenderableType:
        return "" if task.total is None else self._column.render(task)
