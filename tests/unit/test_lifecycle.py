"""How a process ends: its sentence once, and an exit code that supervisord can act on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SERVICE = """
import asyncio
from services.lifecycle import run
from shared.errors import ConfigurationError, DatabaseRefused
from shared.settings import Settings

async def fail(error):
    raise error

async def serve(settings, stop):
    async with asyncio.TaskGroup() as outer:
        async with asyncio.TaskGroup() as inner:
            {body}

run("sample", Settings, serve)
"""


def end_of(body: str, **environment: str) -> subprocess.CompletedProcess[str]:
    program = SERVICE.format(body=body)
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_sentence_of_several_nested_tasks_is_said_once_without_a_traceback() -> None:
    ended = end_of("[group.create_task(fail(DatabaseRefused('run wasla setup'))) for group in (inner, inner, outer)]")
    assert ended.returncode == 1
    assert ended.stderr.count("run wasla setup") == 1
    assert "Traceback" not in ended.stderr


def test_a_wrong_configuration_has_an_exit_code_of_its_own() -> None:
    assert end_of("inner.create_task(fail(ConfigurationError('correct it')))").returncode == 78


def test_a_setting_that_does_not_fit_is_said_before_anything_starts() -> None:
    ended = end_of("pass", WASLA_LOG_LEVEL="LOUD")
    assert ended.returncode == 78
    assert ended.stderr.startswith("sample: WASLA_LOG_LEVEL: ")


@pytest.mark.parametrize("body", ["inner.create_task(fail(KeyError('x')))", "raise KeyError('x')"])
def test_an_unforeseen_error_ends_the_process_with_its_traceback(body: str) -> None:
    ended = end_of(body)
    assert ended.returncode == 1
    assert "KeyError" in ended.stderr


def test_a_service_that_returns_ends_well() -> None:
    assert end_of("pass").returncode == 0
