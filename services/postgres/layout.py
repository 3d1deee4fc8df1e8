"""The embedded server's directories: made, checked, and found again at the next start.

Only the account's own ``data`` and ``socket`` are the server's to write in. Everything root does, it does in
directories of its own, so that no link planted by the server's account can lead it astray.
"""

from __future__ import annotations

import os
import secrets
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from services.postgres.account import Account
from services.postgres.addresses import fits
from shared.database import url_file
from shared.errors import ConfigurationError

ELSEWHERE = Path("/var/lib/wasla-realtime")
"""Where root keeps a server whose account cannot reach the project."""
SHORT = Path("/tmp")  # noqa: S108 - the directory made there has a random name and mode 0700
LINK = "elsewhere"


@dataclass(frozen=True, slots=True)
class Layout:
    """``state`` holds what this user reads, ``home`` what the server uses: the same directory but for root."""

    state: Path
    home: Path
    url: Path

    @property
    def data(self) -> Path:
        """The cluster."""
        return self.home / "data"

    @property
    def binaries(self) -> Path:
        """Copies of the server's programs."""
        return self.home / "binaries"


def state_directory(data_dir: Path) -> Path:
    """Make the launcher's directory below *data_dir*; ConfigurationError where it is somebody else's."""
    url = url_file(data_dir.absolute())
    state = url.parent
    try:
        _make(state)
        _check_owner(state)
        state.chmod(0o711)
    except OSError as error:
        raise ConfigurationError(
            f"{state} cannot be made ({error.strerror}): expected a directory to write in; "
            "correct its permissions, or set WASLA_DATA_DIR to another directory"
        ) from None
    return state


def known_home(state: Path) -> Path:
    """Return the server's directory as far as it was decided before, else the launcher's own."""
    link = state / LINK
    if link.is_symlink() and not link.is_dir():
        raise ConfigurationError(
            f"{link}: expected the server's data in {link.readlink()}, found nothing; "
            "bring that directory back, or remove the link to begin with an empty database"
        )
    return link.readlink() if link.is_symlink() else state


def lay_out(state: Path, account: Account) -> Layout:
    """Decide where the server's files are: where they were, else beside ours, else where its account can go."""
    home = known_home(state)
    if home == state and not account.reaches(state) and not (state / "data").exists():
        home = _make_elsewhere(state)
    if not account.reaches(home):
        raise ConfigurationError(
            f"the server's account (user {account.uid}) cannot enter {home}: "
            "open it and the directories above to that user (chmod a+x), or set WASLA_DATABASE_URL"
        )
    return Layout(state=state, home=home, url=state / "url")


def socket_directory(layout: Layout, account: Account) -> Path:
    """Return the directory of the server's socket, private to its account, with a path that is short enough."""
    place = layout.home / "socket"
    if not fits(place):
        return _short_socket_directory(place, account)
    if place.is_symlink():
        place.unlink()
    place.mkdir(mode=0o700, exist_ok=True)
    account.own(place)
    place.chmod(0o700)
    return place


def _short_socket_directory(link: Path, account: Account) -> Path:
    """Return the directory that *link* records, or another one where that is gone or not as we made it."""
    if link.is_symlink() and _is_private(link.readlink(), account):
        return link.readlink()
    link.unlink(missing_ok=True)
    directory = Path(tempfile.mkdtemp(prefix="wasla-", dir=SHORT))
    account.own(directory)
    link.symlink_to(directory)
    return directory


def _is_private(directory: Path, account: Account) -> bool:
    try:
        found = directory.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == account.uid and stat.S_IMODE(found.st_mode) == 0o700


def _make_elsewhere(state: Path) -> Path:
    ELSEWHERE.mkdir(mode=0o711, parents=True, exist_ok=True)
    home = ELSEWHERE / secrets.token_hex(8)
    home.mkdir()
    home.chmod(0o711)
    (state / LINK).symlink_to(home)
    return home


def _make(state: Path) -> None:
    """Make the directory; made by root in somebody's project, it belongs to that person."""
    if not state.is_dir():
        state.mkdir(parents=True)
        if os.geteuid() == 0:
            owner = state.parent.stat()
            os.chown(state, owner.st_uid, owner.st_gid)


def _check_owner(state: Path) -> None:
    owner, we = state.stat().st_uid, os.geteuid()
    if we not in {0, owner}:
        raise ConfigurationError(
            f"{state} belongs to user {owner}: expected user {we}, who starts it; "
            "start as its owner, change the owner, or set WASLA_DATA_DIR to another directory"
        )
