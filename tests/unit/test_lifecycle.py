"""How a process ends: its sentence once, and an exit code that supervisord can act on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
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


STUCK = """
import asyncio, re, sys, time
from services.lifecycle import run
from shared.settings import Settings

def stuck_here():
    {body}

async def serve(settings, stop):
    print("up", flush=True)
    await asyncio.sleep(0.1)
    {call}

run("sample", Settings, serve)
"""


def stuck(body: str, *, call: str = "stuck_here()", timeout: float = 1.0) -> subprocess.Popen[str]:
    program = STUCK.format(body=body, call=call)
    return subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={"WASLA_WATCHDOG_TIMEOUT": str(timeout)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("body", ["time.sleep(1000)", "while True: pass"], ids=["blocked", "busy"])
def test_a_loop_that_stands_still_ends_the_process_which_says_where(body: str) -> None:
    with stuck(body) as process:
        _, trace = process.communicate(timeout=60)
    assert process.returncode == 70
    assert trace.startswith("sample:")
    assert "its event loop stood still for 1 s" in trace
    assert "in stuck_here" in trace


def test_a_call_that_lets_no_thread_run_ends_the_process_too() -> None:
    with stuck("re.match('(a|aa)*b', 'a' * 100_000)") as process:
        _, trace = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGPROF
    assert "in stuck_here" in trace


def test_a_process_that_is_only_slow_or_was_stopped_goes_on() -> None:
    """A stop, unlike a standstill, is not the process's own fault: a frozen machine must not restart everything."""
    # The loop says that it turns in every other turn of this one: two sleeps have to be shorter than the timeout.
    call = "[stuck_here() or await asyncio.sleep(0) for _ in range(20)]"
    with stuck("time.sleep(0.15)", call=call, timeout=2.0) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        os.kill(process.pid, signal.SIGSTOP)
        time.sleep(2.5)  # longer than the timeout: the stop itself is what is tested
        os.kill(process.pid, signal.SIGCONT)
        _, trace = process.communicate(timeout=60)
    assert (process.returncode, trace) == (0, "")
