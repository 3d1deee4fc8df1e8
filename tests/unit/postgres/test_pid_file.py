"""What can be read from a server's pid file, complete or not."""

import os
from pathlib import Path

import pytest

from services.postgres.pid_file import PidFile

COMPLETE = "4711\n/srv/data\n1700000000\n5432\n/srv/socket\n\n  123  456\nready   \n"


def test_complete() -> None:
    assert PidFile.parse(COMPLETE) == PidFile(4711, 5432, "/srv/socket", is_ready=True)


@pytest.mark.parametrize("lines", range(1, 8))
def test_a_file_still_being_written_is_not_ready(lines: int) -> None:
    found = PidFile.parse("\n".join(COMPLETE.splitlines()[:lines]))
    assert found is not None
    assert found.pid == 4711
    assert not found.is_ready


def test_starting_is_not_ready() -> None:
    found = PidFile.parse(COMPLETE.replace("ready   ", "starting"))
    assert found is not None
    assert not found.is_ready


def test_a_single_user_server_has_a_negative_number() -> None:
    found = PidFile.parse("-4711\n")
    assert found is not None
    assert found.pid == 4711


@pytest.mark.parametrize("text", ["", "\n", "none\n", "0\n"])
def test_without_a_process_number_it_says_nothing(text: str) -> None:
    assert PidFile.parse(text) is None


def test_no_file(tmp_path: Path) -> None:
    assert PidFile.read(tmp_path) is None


def test_a_living_process_that_does_not_listen() -> None:
    found = PidFile.parse(f"{os.getpid()}\n")
    assert found is not None
    assert found.is_alive
    assert not found.answers()
