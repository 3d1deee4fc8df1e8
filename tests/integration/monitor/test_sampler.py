"""The clock behind the history."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys

import pytest

from services.monitor.sampler import keep_history, resident_memory
from services.monitor.service import observe
from services.monitor.settings import MonitorSettings
from shared.heartbeats import Heartbeat

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="expected Linux: memory is read from /proc")


@LINUX
async def test_a_sample_is_taken_with_each_processs_memory() -> None:
    seen = observe(MonitorSettings.load())
    seen.ledger.hear(Heartbeat("g:1", "gateway", os.getpid(), "box", "serving", True, 0.0, 0.0, b""), 0.0)
    seen.ledger.hear(Heartbeat("g:2", "gateway", _ended(), "box", "serving", True, 0.0, 0.0, b""), 0.0)
    task = asyncio.create_task(keep_history(seen))
    try:
        async with asyncio.timeout(60):
            while len(seen.history.columns()["at"]) < 2:  # noqa: ASYNC110 - a plain object has nothing to wait for
                await asyncio.sleep(0.05)
    finally:
        task.cancel()
    assert seen.memory.keys() == {"g:1"}
    assert seen.memory["g:1"] > 1_000_000
    first, second, *_ = seen.history.columns()["at"]
    assert isinstance(first, float)
    assert isinstance(second, float)
    assert second - first >= 0.9, "once a second, however quick the machine"


@LINUX
def test_a_process_that_is_gone_has_no_memory() -> None:
    assert resident_memory(_ended()) is None


def _ended() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid
