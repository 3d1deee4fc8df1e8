"""PostgreSQL's words for a failure, and ours."""

from pathlib import Path

import pytest

from services.postgres.complaints import sentence

DIRECTORY = Path("/srv/wasla")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            'initdb: error: could not write file "/srv/wasla/PG_VERSION": No space left on device',
            (
                "the disk under /srv/wasla is full: a new database needs about 100 MB; "
                "free some space, or set WASLA_DATA_DIR to a directory on another disk"
            ),
        ),
        (
            'FATAL:  lock file "postmaster.pid" already exists',
            (
                "/srv/wasla is in use by another PostgreSQL server: "
                "stop that one, or set WASLA_DATA_DIR to another directory"
            ),
        ),
        (
            "FATAL:  database files are incompatible with server",
            (
                "/srv/wasla was written by another version or build of PostgreSQL: "
                "start it with the one that wrote it, or set WASLA_DATA_DIR to a new directory"
            ),
        ),
        (
            'FATAL:  data directory "/srv/wasla" has wrong ownership',
            (
                "/srv/wasla belongs to another user than the one who starts the server: "
                "start as its owner, or set WASLA_DATA_DIR to another directory"
            ),
        ),
        (
            "initdb: error: could not access directory: Permission denied",
            (
                "/srv/wasla cannot be used by the server's account: "
                "correct its permissions, or set WASLA_DATA_DIR to another directory"
            ),
        ),
        ("one\n\ntwo\nthree\nfour\nfive\n", "initdb failed for /srv/wasla: two / three / four / five"),
        ("", "initdb failed for /srv/wasla: it said nothing"),
    ],
)
def test_sentence(words: str, expected: str) -> None:
    assert sentence("initdb", words, DIRECTORY) == expected
