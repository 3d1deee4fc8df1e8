"""What a server writes about itself into ``postmaster.pid``.

Its lines: process number, data directory, start time, port, socket directory, first TCP address, shared memory key,
status (``src/include/utils/pidfile.h``). Lines are added while the server starts, so the later ones may be missing.
"""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Self

NAME = "postmaster.pid"


@dataclass(frozen=True, slots=True)
class PidFile:
    """The lines that matter here."""

    pid: int
    port: int | None
    socket_directory: str
    is_ready: bool

    @classmethod
    def read(cls, data: Path) -> Self | None:
        """Return the file of the cluster in *data*, None where there is none or it is not written yet."""
        try:
            return cls.parse((data / NAME).read_text(encoding="utf-8", errors="replace"))
        except (FileNotFoundError, NotADirectoryError):
            return None

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Return what *text* says, None if not even the process number stands in it."""
        lines = [line.strip() for line in text.splitlines()]
        lines += [""] * (8 - len(lines))
        pid = _number(lines[0])
        return None if not pid else cls(abs(pid), _number(lines[3]), lines[4], is_ready=lines[7] == "ready")

    @property
    def is_alive(self) -> bool:
        """Tell whether a process of that number runs, be it the server or another one."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True

    def answers(self) -> bool:
        """Tell whether somebody listens on the server's socket."""
        with socket.socket(socket.AF_UNIX) as client:
            try:
                client.connect(f"{self.socket_directory}/.s.PGSQL.{self.port}")
            except OSError:
                return False
        return True


def _number(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None
