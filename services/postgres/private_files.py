"""Small files that only their owner may read: passwords and the address that holds one.

A file appears complete or not at all. It belongs to the owner of its directory, so that a start by root leaves
nothing behind that the project's owner could not read.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path

PASSWORD_BYTES = 24


def password(path: Path) -> str:
    """Return the password in *path*, made at first use."""
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        write(path, secrets.token_hex(PASSWORD_BYTES))
        return path.read_text(encoding="ascii").strip()


def write(path: Path, text: str) -> None:
    """Replace *path* by a file of mode 0600 with one line of text."""
    owner = path.parent.stat()
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
            file.write(text + "\n")
            file.flush()
            os.fsync(descriptor)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
