"""Where and under what disturbance a figure was measured."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from tests.benchmarks import pinning
from tests.benchmarks.running import ROOT

CALM = 0.05
"""A machine is called noisy when others used more than this share of it just before the measurement."""


def environment() -> dict[str, object]:
    """Return what is known of this machine and of what runs on it now."""
    others = busy_share(2.0)
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "revision": revision(),
        "cores": os.cpu_count(),
        "processor": processor(),
        "memory_gib": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**30,
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "python": platform.python_version(),
        "packages": packages(),
        "pinned": pinning.possible(),
        "load_average": round(os.getloadavg()[0], 2),
        "used_by_others": round(others, 3),
        "noisy": others > CALM,
    }


def busy_share(seconds: float) -> float:
    """Return the share of all cores that was in use, while this process slept."""
    before = _processor_times()
    time.sleep(seconds)
    spent = [after - earlier for earlier, after in zip(before, _processor_times(), strict=True)]
    idle = spent[3] + spent[4]
    return 1 - idle / max(1, sum(spent))


def processor() -> str:
    """Return the processor's name."""
    found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    return found[1] if found else platform.machine()


def packages() -> Mapping[str, str]:
    """Return the versions of what the gateway's speed rests on."""
    return {name: version(name) for name in ("uvloop", "websockets", "pyzmq", "msgspec", "asyncpg")}


def revision() -> str:
    """Return the commit, with a sign where there are changes beside it."""
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty"]
    asked = subprocess.run(command, capture_output=True, text=True, check=False)
    return asked.stdout.strip() or "unknown"


def _processor_times() -> list[int]:
    """Ticks of all cores by kind (proc(5), /proc/stat): the fourth is idle, the fifth waits for I/O."""
    return [int(word) for word in Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()[1:]]
