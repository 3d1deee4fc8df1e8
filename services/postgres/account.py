"""The operating system's account that PostgreSQL runs as.

PostgreSQL refuses to run as root (https://www.postgresql.org/docs/current/postgres-user.html). Started by root, the
server gets the account that owns its data already, else the user who owns the data directory (``sudo ./run``), else
``postgres`` or ``nobody``; started by anybody else, it runs as that user.
"""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.errors import ConfigurationError

CANDIDATES = ("postgres", "nobody")


@dataclass(frozen=True, slots=True)
class Account:
    """An account, and whether it differs from the one this process runs as."""

    uid: int
    gid: int
    is_other: bool

    def run(self, command: Sequence[object], **options: Any) -> subprocess.CompletedProcess[str]:
        """Run *command* as this account and return its exit code and output; OSError where it cannot be executed."""
        return subprocess.run(  # noqa: S603 - programs of our own choice
            [str(word) for word in command],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            **{**self.process_options(), **options},
        )

    def process_options(self) -> dict[str, Any]:
        """Return what ``subprocess`` needs to start a program as this account, in a directory it can enter."""
        options: dict[str, Any] = {"cwd": "/", "env": {**os.environ, "LC_ALL": "C"}}
        if self.is_other:
            options |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        return options

    def reaches(self, directory: Path) -> bool:
        """Tell whether this account can enter *directory*."""
        return not self.is_other or self.run(["test", "-x", directory]).returncode == 0

    def own(self, path: Path) -> None:
        """Give *path* itself, never what a link there points to, to this account."""
        if self.is_other:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def become(self) -> None:
        """Turn this process into this account's, for good."""
        if self.is_other:
            os.setgroups([])
            os.setgid(self.gid)
            os.setuid(self.uid)


def choose_account(data: Path, data_dir: Path) -> Account:
    """Return the account for the cluster in *data*, which may not exist yet, of the project that owns *data_dir*."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), is_other=False)
    account = _owner(data) or _owner(data_dir) or _candidate()
    try:
        account.run(["true"])
    except OSError as error:
        raise ConfigurationError(
            f"PostgreSQL does not run as root, and changing to user {account.uid} failed ({error.strerror}): "
            "start as an ordinary user, or set WASLA_DATABASE_URL"
        ) from None
    return account


def _owner(data: Path) -> Account | None:
    try:
        stat = data.stat()
    except FileNotFoundError:
        return None
    return Account(stat.st_uid, stat.st_gid, is_other=True) if stat.st_uid != 0 else None


def _candidate() -> Account:
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid, is_other=True)
    raise ConfigurationError(
        f"PostgreSQL does not run as root: expected an account named {' or '.join(CANDIDATES)}, found neither; "
        "create one, start as an ordinary user, or set WASLA_DATABASE_URL"
    )
