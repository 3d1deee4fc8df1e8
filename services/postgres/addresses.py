"""The embedded server's address as a URL, and how long a unix socket's path may be. Pure."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

DEFAULT_PORT = 5432
SETUP_PORT = 1
"""Port in the temporary server's socket name: nobody else's URL can lead there."""

MAX_SOCKET_PATH_BYTES = 103
"""What fits into sun_path with its final NUL on every system: 104 bytes on macOS and the BSDs, 108 on Linux."""


def socket_url(*, user: str, password: str, database: str, directory: Path, port: int) -> str:
    """Return a URL that libpq and asyncpg both take; a port other than libpq's own is named."""
    suffix = "" if port == DEFAULT_PORT else f"&port={port}"
    return f"postgresql://{user}:{quote(password, safe='')}@/{database}?host={quote(str(directory))}{suffix}"


def fits(directory: Path) -> bool:
    """Tell whether any port's socket in *directory* has a path that bind(2) takes."""
    return len(bytes(directory / ".s.PGSQL.65535")) <= MAX_SOCKET_PATH_BYTES
