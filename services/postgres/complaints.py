"""What PostgreSQL's programs say when they fail, as sentences that say what to do. Pure.

The programs run with ``LC_ALL=C``, so their words are the English ones of their sources.
"""

from __future__ import annotations

import re
from pathlib import Path

_SENTENCES: tuple[tuple[str, str], ...] = (
    (
        "No space left on device|Disk quota exceeded",
        (
            "the disk under {directory} is full: a new database needs about 100 MB; "
            "free some space, or set WASLA_DATA_DIR to a directory on another disk"
        ),
    ),
    (
        "postmaster.pid. already exists|pre-existing shared memory block",
        "{directory} is in use by another PostgreSQL server: stop that one, or set WASLA_DATA_DIR to another directory",
    ),
    (
        "database files are incompatible with server|was initialized by PostgreSQL version",
        (
            "{directory} was written by another version or build of PostgreSQL: "
            "start it with the one that wrote it, or set WASLA_DATA_DIR to a new directory"
        ),
    ),
    (
        "wrong ownership|must be started by the user that owns|Operation not permitted",
        (
            "{directory} belongs to another user than the one who starts the server: "
            "start as its owner, or set WASLA_DATA_DIR to another directory"
        ),
    ),
    (
        "Permission denied",
        (
            "{directory} cannot be used by the server's account: "
            "correct its permissions, or set WASLA_DATA_DIR to another directory"
        ),
    ),
)
_MAX_QUOTED_LINES = 4


def sentence(program: str, output: str, directory: Path) -> str:
    """Say why *program* failed: one of the known causes, else its last words."""
    for pattern, text in _SENTENCES:
        if re.search(pattern, output):
            return text.format(directory=directory)
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    words = " / ".join(lines[-_MAX_QUOTED_LINES:]) or "it said nothing"
    return f"{program} failed for {directory}: {words}"
