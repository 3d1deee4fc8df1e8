"""Files that hold a secret: one line, for their owner alone.

:func:`write_private` makes one, :func:`read_private` reads one and refuses it where others may read it, too.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Final

from shared.errors import ConfigurationError

_OTHERS: Final = 0o077
_MOST: Final = 65_536


def read_private(path: Path, what: str) -> str:
    """Return the text of *path*; FileNotFoundError where there is none, ConfigurationError for what else is wrong.

    *what* names the secret for people. What is not ASCII comes back empty: it is no key.
    """
    try:
        with path.open(encoding="ascii") as file:
            mode = os.fstat(file.fileno()).st_mode & 0o777
            text = file.read(_MOST).strip()
    except (PermissionError, IsADirectoryError, NotADirectoryError) as error:
        raise ConfigurationError(f"{what} {path} cannot be read ({error.strerror}); correct it") from None
    except UnicodeDecodeError:
        text = ""
    if mode & _OTHERS:
        raise ConfigurationError(
            f"expected {path} to be readable by its owner alone, its mode is {mode:04o}; run chmod 600 {path}"
        )
    return text


def write_private(path: Path, line: str, *, replace: bool = False) -> None:
    """Write one line; raise FileExistsError where there is something that is not to be replaced, or another OSError.

    The file appears complete or not at all, and belongs to the owner of its directory, so that what root makes can be
    read by the account that runs the processes.
    """
    if not path.parent.is_dir():
        path.parent.mkdir(parents=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    made = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            owner = path.parent.stat()
            if os.geteuid() == 0:
                os.fchown(descriptor, owner.st_uid, owner.st_gid)
            file.write(f"{line}\n")
            file.flush()
            os.fsync(descriptor)
        if replace:
            made.replace(path)
        else:
            path.hardlink_to(made)  # unlike a rename, fails where there is something
    finally:
        made.unlink(missing_ok=True)
