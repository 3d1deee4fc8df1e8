"""The command line as a program of its own on a terminal: what it shows, which keys it takes, how it ends."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
DEADLINE = 90.0
"""Seconds after which something that should happen at once counts as not happening, on the slowest machine."""

_ON_THIS_TERMINAL = """
import fcntl, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from services.cli.__main__ import main
main()
"""
"""What makes Ctrl-C on the terminal an interrupt for the program."""


class Terminal:
    """One program on one terminal; use :func:`on_a_terminal`. ``text`` is everything that was written to it so far."""

    def __init__(self, descriptor: int, process: subprocess.Popen[bytes]) -> None:
        self._descriptor = descriptor
        self.process = process
        self.text = ""

    def shows(self, words: str, since: int = 0) -> int:
        """Wait until it shows these words after the first *since* characters; return how much was shown by then."""
        deadline = time.monotonic() + DEADLINE
        while words not in self.text[since:]:
            assert time.monotonic() < deadline, f"it never showed {words!r}: {self.text!r}"
            assert self._read(1.0), f"it ended without showing {words!r}: {self.text!r}"
        return len(self.text)

    def press(self, keys: str) -> None:
        """Type on it."""
        os.write(self._descriptor, keys.encode())

    def ends(self) -> int:
        """Read to its end and return its exit code."""
        while self._read(DEADLINE):
            pass
        return self.process.wait(DEADLINE)

    @property
    def echoes(self) -> bool:
        """Whether the terminal shows what is typed, as it does for a shell."""
        return bool(termios.tcgetattr(self._descriptor)[3] & termios.ECHO)

    def _read(self, timeout: float) -> bool:
        """Read what there is within that time; return False at the end."""
        if not select.select([self._descriptor], [], [], timeout)[0]:
            return True
        try:
            chunk = os.read(self._descriptor, 65536)
        except OSError:  # Linux says EIO when nobody holds the other end any more
            return False
        self.text += chunk.decode(errors="replace")
        return bool(chunk)


@contextmanager
def on_a_terminal(*words: str, columns: int = 120, stdout: int | None = None) -> Iterator[Terminal]:
    """Run ``wasla`` with a terminal of its own; ``stdout`` stands in for it there where it is given."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-c", _ON_THIS_TERMINAL, *words],
        stdin=theirs,
        stdout=theirs if stdout is None else stdout,
        stderr=theirs,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color"},
    )
    os.close(theirs)
    try:
        yield Terminal(ours, process)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(DEADLINE)
        os.close(ours)
