"""The clock behind the history: a sample each second, and each process's memory with it."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

from services.monitor.history import INTERVAL
from services.monitor.observations import Observations
from services.monitor.sampling import take_sample

_PAGE = os.sysconf("SC_PAGE_SIZE")


async def keep_history(seen: Observations) -> None:
    """Take a sample every second, until cancelled; seconds that were slept through are left out."""
    due = time.monotonic()
    while True:
        seen.memory = {
            process: resident
            for process, entry in seen.ledger.entries.items()
            if (resident := resident_memory(entry.heartbeat.pid)) is not None
        }
        take_sample(seen, now=time.monotonic(), unix_now=time.time())
        due = max(due + INTERVAL, time.monotonic())
        await asyncio.sleep(due - time.monotonic())


def resident_memory(pid: int) -> int | None:
    """Return the bytes of memory a process of this machine holds (proc(5), statm); None where nobody tells."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * _PAGE
    except (OSError, ValueError, IndexError):
        return None
