"""Processes that a benchmark starts and always ends: what they used, and what they said when they failed."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from tests.benchmarks.pinning import onto

START_TIMEOUT = 60.0


class Child:
    """A running process with the processes it started; its output goes to a file.

    ``again()`` runs another one like it.
    """

    def __init__(
        self, process: subprocess.Popen[bytes], log: Path, again: Callable[[], AbstractContextManager[Child]]
    ) -> None:
        self.process = process
        self.log = log
        self.again = again

    @property
    def name(self) -> str:
        """The command as it was given."""
        return str(self.process.args)

    @property
    def pids(self) -> list[int]:
        """The process and its children."""
        found = [self.process.pid]
        for parent in found:
            for task in _tasks(parent):
                with contextlib.suppress(OSError):
                    found += [int(word) for word in (task / "children").read_text(encoding="ascii").split()]
        return found

    def cpu_seconds(self) -> float:
        """Return the processor time used so far, user and system, by every thread of every process."""
        return sum(_scheduled_ns(task) for pid in self.pids for task in _tasks(pid)) / 1e9

    def resident_bytes(self) -> int:
        """Return the memory resident in all processes, what they share counted once for each."""
        page = os.sysconf("SC_PAGE_SIZE")
        return sum(int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * page for pid in self.pids)

    def wait_for_port(self, port: int) -> None:
        """Return when it listens there."""
        deadline = time.monotonic() + START_TIMEOUT
        while not listeners(port):
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.name} ended with {self.process.returncode}:\n{self.said()}")
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.name} did not listen on {port} within {START_TIMEOUT:g} s")
            time.sleep(0.02)

    def said(self) -> str:
        """Return the last of what it wrote."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-2000:]


@contextlib.contextmanager
def child(
    command: Sequence[str | Path],
    directory: Path,
    *,
    core: int | None = None,
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Iterator[Child]:
    """Run a command on a core until the block ends."""
    log = directory / f"{Path(command[0]).name}-{time.monotonic_ns()}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env={**os.environ, **(environment or {})},
            process_group=0,
            preexec_fn=onto(core),  # noqa: PLW1509 - the suite has one thread when it starts processes
        )
    try:
        yield Child(process, log, lambda: child(command, directory, core=core, environment=environment, cwd=cwd))
    finally:
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process and those it started: by request, and by force where that takes too long.

    They are a group of their own, because a program that only starts another one may not end that.
    """
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, sign)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)


def free_port() -> int:
    """Return a port that was free just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def listeners(port: int) -> int:
    """Return how many sockets listen there, by the kernel's table (proc(5)): the limit counts who connects."""
    wanted = f":{port:04X}"
    lines = Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
    return sum(words[1].endswith(wanted) and words[3] == "0A" for words in map(str.split, lines))


def _tasks(pid: int) -> list[Path]:
    try:
        return list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return []


def _scheduled_ns(task: Path) -> int:
    """Time on a processor, proc_pid_schedstat: exact, where /proc/PID/stat counts in ticks of 10 ms."""
    try:
        return int((task / "schedstat").read_text(encoding="ascii").split()[0])
    except OSError:
        return 0
