"""Which core what is measured runs on, and which the load: each its own, so that neither takes the other's time.

The database's path has more processes than there are cores here; it runs without pinning.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator

SERVER_CORE, LOAD_CORE = 0, 1


def possible() -> bool:
    """Tell whether this machine has two cores to choose from and can be told."""
    return hasattr(os, "sched_setaffinity") and {SERVER_CORE, LOAD_CORE} <= os.sched_getaffinity(0)


def onto(core: int | None) -> Callable[[], None]:
    """Return what a process that is being started does to stay on *core*; nothing for None."""

    def move() -> None:
        if core is not None:
            os.sched_setaffinity(0, {core})

    return move


@contextlib.contextmanager
def here(core: int | None) -> Iterator[None]:
    """Keep this process on *core* for the length of the block."""
    if core is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
