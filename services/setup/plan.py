"""Which files an install runs. Pure.

A *version* (``NNN_name.sql``) makes or alters tables: it runs once, and is never edited after it has run somewhere. A
*repeatable* (``R_NNN_name.sql``) makes functions and views by CREATE OR REPLACE: it runs at every install, after all
versions. Both are recorded in ``wasla.migration`` with the SHA-256 of their text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.errors import DatabaseRefused

REPEATABLE_PREFIX = "R_"


@dataclass(frozen=True, slots=True)
class Script:
    """One file to run, by its name without ``.sql``."""

    name: str
    text: str

    @property
    def repeatable(self) -> bool:
        return self.name.startswith(REPEATABLE_PREFIX)

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallReport:
    """What an install ran, in order (with ``dry_run``: what it would run), and the versions that had run before.

    ``least_rights``: the schema belongs to a role of its own, and others have what they need of it.
    """

    applied: tuple[str, ...]
    unchanged: tuple[str, ...] = ()
    dry_run: bool = False
    least_rights: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """What a database has: ``pending`` files never ran there, ``altered`` ones ran with another text."""

    installed: bool
    pending: tuple[str, ...] = ()
    altered: tuple[str, ...] = ()

    @property
    def current(self) -> bool:
        """Whether an install would change nothing."""
        return self.installed and not self.pending and not self.altered


def in_order(scripts: Sequence[Script]) -> list[Script]:
    """Return the versions by name, then the repeatables by name."""
    return sorted(scripts, key=lambda script: (script.repeatable, script.name))


def to_run(scripts: Sequence[Script], recorded: Mapping[str, str]) -> list[Script]:
    """Return what an install runs, given the recorded checksums by name.

    Raise DatabaseRefused where the database and this program have parted: a version that ran there was edited since,
    or the database has versions that this program does not know.
    """
    _refuse_newer(scripts, recorded)
    _refuse_edited(scripts, recorded)
    return [script for script in in_order(scripts) if script.repeatable or script.name not in recorded]


def compare(scripts: Sequence[Script], recorded: Mapping[str, str]) -> Installation:
    """Compare what a database has with what this program would install."""
    ordered = in_order(scripts)
    return Installation(
        installed=bool(recorded),
        pending=tuple(script.name for script in ordered if script.name not in recorded),
        altered=tuple(script.name for script in ordered if _altered(script, recorded)),
    )


def _altered(script: Script, recorded: Mapping[str, str]) -> bool:
    return recorded.get(script.name, script.checksum) != script.checksum


def _refuse_newer(scripts: Sequence[Script], recorded: Mapping[str, str]) -> None:
    known = {script.name for script in scripts}
    unknown = sorted(name for name in recorded if name not in known and not name.startswith(REPEATABLE_PREFIX))
    if unknown:
        raise DatabaseRefused(
            f"schema wasla was installed by a newer program: expected to know every version it has, "
            f"got {', '.join(unknown)}; upgrade this program"
        )


def _refuse_edited(scripts: Sequence[Script], recorded: Mapping[str, str]) -> None:
    edited = [script.name for script in in_order(scripts) if not script.repeatable and _altered(script, recorded)]
    if edited:
        raise DatabaseRefused(
            f"{', '.join(edited)} ran in this database with another text: a version is never edited once it has run; "
            "bring the file back and put the change in a new one, or run wasla remove and install anew"
        )
