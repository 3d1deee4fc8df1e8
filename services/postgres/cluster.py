"""The cluster on disk: made once, whole or not at all.

``initdb`` works in ``data.new``, which becomes ``data`` by a rename: what stands there is complete, whenever the
launcher was killed. Passwords are SCRAM ones and asked for on every connection.
Source: https://www.postgresql.org/docs/current/app-initdb.html
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from services.postgres import private_files
from services.postgres.account import Account
from services.postgres.binaries import Binaries
from services.postgres.complaints import sentence
from shared.errors import ConfigurationError, DatabaseRefused

SUPERUSER = "postgres"
_OPTIONS = ("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--data-checksums", "--no-instructions")


def major_version(data: Path) -> int | None:
    """Return the version that wrote the cluster, None where there is none yet."""
    try:
        return int((data / "PG_VERSION").read_text(encoding="ascii"))
    except FileNotFoundError:
        if data.exists():
            raise ConfigurationError(
                f"{data} is not PostgreSQL's: expected a cluster or nothing at all there; "
                "move it away, or set WASLA_DATA_DIR to another directory"
            ) from None
        return None


def make_cluster(data: Path, binaries: Binaries, account: Account, *, password: str, lock: int) -> None:
    """Make the cluster; *lock* is kept open by initdb, so that nobody interferes should this process be killed."""
    new, password_file = data.with_name("data.new"), data.with_name("initdb-password")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(mode=0o700)
    account.own(new)
    private_files.write(password_file, password)
    account.own(password_file)
    command: list[object] = [
        binaries / "initdb",
        f"--pgdata={new}",
        f"--username={SUPERUSER}",
        f"--pwfile={password_file}",
    ]
    try:
        result = account.run([*command, *_OPTIONS], pass_fds=(lock,))
    finally:
        password_file.unlink()
    if result.returncode != 0:
        shutil.rmtree(new, ignore_errors=True)
        raise DatabaseRefused(sentence("initdb", result.stdout, data.parent))
    new.rename(data)
    _sync(data.parent)


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
