"""``setup-realtime.sh``: the same as ``wasla setup``, and one sentence where nothing is installed yet."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = ROOT / "setup-realtime.sh"
STAND_IN = """#!/bin/sh
printf '%s\\n' "$@"
exit 7
"""


def run(script: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([script, *words], capture_output=True, text=True, check=False, timeout=90)


def test_arguments_and_exit_code_are_those_of_the_command(tmp_path: Path) -> None:
    script = Path(shutil.copy(SCRIPT, tmp_path))
    command = tmp_path / ".venv" / "bin" / "wasla"
    command.parent.mkdir(parents=True)
    command.write_text(STAND_IN)
    command.chmod(0o755)
    result = run(script, "--watch", "my table", "--no-verify")
    assert result.returncode == 7
    assert result.stdout.splitlines() == ["setup", "--watch", "my table", "--no-verify"]


def test_a_fresh_clone_is_told_the_one_command(tmp_path: Path) -> None:
    result = run(Path(shutil.copy(SCRIPT, tmp_path)))
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == (
        f"setup-realtime: expected {tmp_path}/.venv/bin/wasla, found none; install it with: {tmp_path}/run --install\n"
    )


def test_it_can_be_run() -> None:
    assert os.access(SCRIPT, os.X_OK)
