"""What the benchmarks share: a server with durable settings, the real processes, medians, and figures drawn as SVG.

Every figure is a ratio of things measured in one run, in turns, so that a noisy machine disturbs both sides alike.
"""

from __future__ import annotations

import contextlib
import os
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.servers import Server, temporary_server

ROOT = Path(__file__).resolve().parents[2]
FIGURES = ROOT / "docs" / "figures"
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "max_connections": "200"}
START_TIMEOUT = 30.0


@contextlib.contextmanager
def durable_server(version: int) -> Iterator[Server]:
    """Run a server on disk with PostgreSQL's own durability settings."""
    with temporary_server(version, on_disk=True, **DURABLE) as server:
        yield server


def free_ports(count: int) -> list[int]:
    """Return that many consecutive free TCP ports."""
    for first in range(20000, 60000, 50):
        if all(_is_free(first + offset) for offset in range(count)):
            return list(range(first, first + count))
    raise RuntimeError(f"no {count} consecutive ports are free")


@dataclass(slots=True)
class Pipeline:
    """A pg-listener and a gateway of its own, on free ports, without supervision."""

    url: str
    listener: subprocess.Popen[bytes]
    gateway: subprocess.Popen[bytes]
    port: int

    @property
    def gateway_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def peak_memory(self) -> dict[str, int]:
        """Return each process's highest resident memory so far, in bytes."""
        return {"pg-listener": _peak(self.listener.pid), "gateway": _peak(self.gateway.pid)}


@contextlib.contextmanager
def pipeline(url: str) -> Iterator[Pipeline]:
    """Run the real listener and one real gateway over a database until the block ends."""
    port, bus, _, heartbeat = free_ports(4)
    environment = {
        **os.environ,
        "WASLA_DATABASE_URL": url,
        "WASLA_PORT": str(port),
        "WASLA_BUS_BIND": f"tcp://127.0.0.1:{bus}",
        "WASLA_BUS_CONNECT": f"tcp://127.0.0.1:{bus}",
        "WASLA_HEARTBEAT_ADDRESS": f"tcp://127.0.0.1:{heartbeat}",
        "WASLA_LOG_LEVEL": "WARNING",
    }
    with tempfile.TemporaryDirectory() as data_dir, contextlib.ExitStack() as stack:
        environment["WASLA_DATA_DIR"] = data_dir
        listener = stack.enter_context(process("services.pg_listener", environment))
        gateway = stack.enter_context(process("services.gateway", environment))
        wait_for_port(port)
        yield Pipeline(url, listener, gateway, port)


@contextlib.contextmanager
def process(module: str, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a module as a process of its own and end it with the block."""
    started = subprocess.Popen([sys.executable, "-m", module], cwd=ROOT, env=environment)
    try:
        yield started
    finally:
        started.terminate()
        try:
            started.wait(15)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


def wait_for_port(port: int) -> None:
    """Return when something listens on a loopback port."""
    deadline = time.monotonic() + START_TIMEOUT
    while _is_free(port):
        if time.monotonic() > deadline:
            raise TimeoutError(f"nothing listened on port {port} within {START_TIMEOUT} s")
        time.sleep(0.05)


def median_and_range(values: Sequence[float]) -> str:
    """Return ``median (lowest to highest)`` for a table."""
    return f"{statistics.median(values):,.0f} ({min(values):,.0f} to {max(values):,.0f})"


def machine() -> str:
    """Name the machine's facts that a figure depends on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**30
    system = f"{platform.system()} {platform.release().split('-')[0]}"
    return f"{os.cpu_count()} cores, {memory} GiB, {system}, Python {platform.python_version()}"


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def _peak(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise ValueError(f"/proc/{pid}/status names no VmHWM")
