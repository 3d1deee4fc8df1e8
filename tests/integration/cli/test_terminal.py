"""What a terminal gets and what a pipe gets, from the program itself."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from services.cli.exits import Exit

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def _import_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)


def piped(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "services.cli", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def on_a_terminal(*words: str) -> str:
    ours, theirs = pty.openpty()
    process = subprocess.Popen([sys.executable, "-m", "services.cli", *words], stdout=theirs, stderr=theirs)
    os.close(theirs)
    text = b""
    try:
        while chunk := os.read(ours, 65536):
            text += chunk
    except OSError:
        pass  # Linux says EIO when the other end is closed
    finally:
        os.close(ours)
        process.wait(60)
    return text.decode()


def test_a_pipe_gets_plain_lines_one_a_setting() -> None:
    result = piped("config")
    assert result.returncode == 0
    assert "\x1b" not in result.stdout
    assert all(line.startswith("WASLA_") for line in result.stdout.splitlines()[1:])
    assert "─" not in result.stdout


def test_a_terminal_gets_a_ruled_table() -> None:
    shown = on_a_terminal("config")
    assert "─" in shown
    assert "WASLA_" in shown


def test_a_terminal_gets_colours() -> None:
    assert "\x1b[31m" in on_a_terminal("doctor")


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
