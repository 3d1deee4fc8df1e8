"""Single keys from a terminal, while a command shows something that refreshes; nothing is echoed meanwhile."""

from __future__ import annotations

import os
import select
import sys
import termios
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager


class Keyboard:
    """Use :func:`keyboard`; without a terminal there are no keys, and waiting is all it does."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor

    def pressed(self, timeout: float) -> str:
        """Return the keys pressed within so many seconds, "" for none."""
        if self._descriptor is None:
            time.sleep(timeout)
            return ""
        readable, _, _ = select.select([self._descriptor], [], [], timeout)
        return os.read(self._descriptor, 64).decode(errors="replace") if readable else ""


@contextmanager
def keyboard() -> Iterator[Keyboard]:
    """Read keys as they are pressed; Ctrl-C still interrupts, and the terminal is left as it was."""
    if not sys.stdin.isatty():
        yield Keyboard(None)
        return
    descriptor = sys.stdin.fileno()
    former = termios.tcgetattr(descriptor)
    tty.setcbreak(descriptor)
    try:
        yield Keyboard(descriptor)
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, former)
