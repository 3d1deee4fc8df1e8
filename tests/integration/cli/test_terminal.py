"""What a terminal gets and what a pipe gets, from the program itself."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from services.cli.exits import Exit
from tests.integration.cli.terminals import on_a_terminal

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def _import_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)


def piped(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "services.cli", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def shown_on_a_terminal(*words: str) -> str:
    with on_a_terminal(*words) as terminal:
        terminal.ends()
        return terminal.text


def test_a_pipe_gets_plain_lines_one_a_setting() -> None:
    result = piped("config")
    assert result.returncode == 0
    assert "\x1b" not in result.stdout
    assert all(line.startswith("WASLA_") for line in result.stdout.splitlines()[1:])
    assert "─" not in result.stdout


def test_a_terminal_gets_a_ruled_table() -> None:
    shown = shown_on_a_terminal("config")
    assert "─" in shown
    assert "WASLA_" in shown


def test_a_terminal_gets_colours() -> None:
    assert "\x1b[31m" in shown_on_a_terminal("doctor")


def test_no_color_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    shown = shown_on_a_terminal("doctor")
    assert "problem" in shown
    assert not re.search(r"\x1b\[(\d+;)*[34]\d(;\d+)*m", shown)


def test_what_takes_time_is_told_on_standard_error_alone() -> None:
    read, written = os.pipe()
    with on_a_terminal("doctor", "--json", stdout=written) as terminal:
        os.close(written)
        terminal.ends()
    with os.fdopen(read, "rb") as answer:
        assert isinstance(json.loads(answer.read()), list)
    assert "looking at the database" in terminal.text
    assert "looking at" not in piped("doctor").stderr


def test_a_pipe_gets_every_column_of_the_settings() -> None:
    header = piped("config").stdout.splitlines()[0]
    assert header.split() == ["variable", "value", "unit", "default", "origin", "services", "description"]


def test_settings_are_found_by_a_word_and_by_what_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WASLA_BACKLOG", "17")
    found = {row["variable"]: row["value"] for row in json.loads(piped("config", "backlog", "--json").stdout)}
    assert found == {"WASLA_BACKLOG": 17}
    assert "WASLA_BACKLOG" in piped("config", "--set").stdout
    assert "WASLA_RING_MAX_EVENTS" not in piped("config", "--set").stdout
    assert "17 connections (default 4096 connections)" in " ".join(shown_on_a_terminal("config", "backlog").split())


def test_the_help_says_what_the_exit_codes_mean() -> None:
    told = " ".join(piped("--help").stdout.split())
    for code in Exit:
        assert f"{code.value} " in told
    assert "╭" not in told


def test_usage_errors_are_plain_and_exit_code_2() -> None:
    result = piped("scale", "many")
    assert result.returncode == Exit.USAGE
    assert result.stdout == ""
    assert "Traceback" not in result.stderr


def test_a_wrong_setting_is_one_sentence_for_every_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WASLA_PORT", "many")
    for command in ("config", "status", "tail", "doctor"):
        result = piped(command)
        assert (result.returncode, result.stdout) == (Exit.CONFIGURATION, ""), command
        assert result.stderr.startswith("wasla: WASLA_PORT: ")
        assert result.stderr.count("\n") == 1
