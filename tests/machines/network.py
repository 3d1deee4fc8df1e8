"""Machines that are network namespaces, on one switch: a network whose every fault is a call.

::

    with network("a", "b") as net:
        a, b = net.machines["a"], net.machines["b"]
        subprocess.Popen(a.command("python", "-m", "http.server"))
        net.cut(a, b)          # what a sends does not arrive at b
        net.partition(a, b)    # neither way
        net.lose(b, 20)        # a fifth of what b sends
        net.heal()
        a.unplug(), a.plug()
        a.power_off()          # nobody on the network sees it go
        a.power_on()           # an empty machine with the same address
        with b.entered(): ...  # this thread's new sockets are b's

Faults drop IP packets between ports of the switch, so that the machines themselves notice nothing. Everything lives
in namespaces named after this process; those of a process that has died are removed by the next run. Needs root and
the commands ip, nft, nsenter and unshare: :func:`require_network` skips the test elsewhere, and fails it when CI=true.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

PREFIX: Final = "wasla-test-"
SUBNET: Final = "198.51.100."
"""TEST-NET-2 of RFC 5737: nobody's."""

NAMESPACES: Final = Path("/run/netns")
COMMANDS: Final = ("ip", "nft", "nsenter", "unshare", "hostname", "setpriv")
CLONE_NEWNET: Final = 0x40000000
END_TIMEOUT: Final = 30.0


def require_network() -> None:
    """Skip the test where namespaces cannot be made, with the reason."""
    missing = [command for command in COMMANDS if shutil.which(command) is None]
    reason = f"it needs the commands {', '.join(missing)}" if missing else ""
    if os.geteuid() != 0:
        reason = "it makes network namespaces, which only root may"
    elif not missing and _run("ip", "netns", "add", f"{PREFIX}{os.getpid()}-try", check=False):
        reason = "network namespaces cannot be made here"
    elif not missing:
        _run("ip", "netns", "del", f"{PREFIX}{os.getpid()}-try")
    if reason and os.environ.get("CI") == "true":
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)


@dataclass(slots=True, eq=False)
class Machine:
    """A host with one network interface; ``namespace`` is its name to ``ip netns``."""

    name: str
    number: int
    network: Network
    is_on: bool = False

    @property
    def namespace(self) -> str:
        return f"{self.network.prefix}{self.name}"

    @property
    def port(self) -> str:
        """The switch's end of the cable."""
        return f"port-{self.name}"

    @property
    def address(self) -> str:
        return f"{SUBNET}{self.number}"

    def command(self, *words: str | Path) -> list[str]:
        """Return the command line that runs *words* on this machine, under its host name."""
        script = f'hostname {self.name} && exec "$@"'
        entered = ["nsenter", f"--net={NAMESPACES / self.namespace}", "unshare", "--uts", "sh", "-c", script, "sh"]
        return [*entered, *map(str, words)]

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Let this thread, and those it starts, open their sockets on this machine for the length of the block."""
        with open("/proc/thread-self/ns/net") as home, (NAMESPACES / self.namespace).open() as there:  # noqa: PTH123
            _enter(there.fileno())
            try:
                yield
            finally:
                _enter(home.fileno())

    def processes(self) -> list[int]:
        """Return the living processes of this machine."""
        answer = subprocess.run(["ip", "netns", "pids", self.namespace], capture_output=True, text=True, check=False)
        return [int(word) for word in answer.stdout.split()]

    def end_processes(self) -> None:
        """Kill everything that runs here; the kernel says goodbye for it."""
        _kill(self.namespace)

    def unplug(self) -> None:
        """Take the cable out; nothing on the machine changes but its carrier."""
        self.network.switch("ip", "link", "set", "dev", self.port, "down")

    def plug(self) -> None:
        """Put the cable back."""
        self.network.switch("ip", "link", "set", "dev", self.port, "up")

    def power_off(self) -> None:
        """Lose everything at once: the cable first, so that nobody sees a connection being closed."""
        self.unplug()
        self.end_processes()
        _run("ip", "netns", "del", self.namespace)
        with suppress(subprocess.CalledProcessError):
            self.network.switch("ip", "link", "del", "dev", self.port)
        self.is_on = False

    def power_on(self) -> None:
        """Come up empty, with the same addresses."""
        _run("ip", "netns", "add", self.namespace)
        link = ["type", "veth", "peer", "name", self.port, "netns", self.network.hub]
        _run("ip", "link", "add", "eth0", "netns", self.namespace, *link)
        for words in (
            ("link", "set", "lo", "up"),
            ("link", "set", "eth0", "address", f"02:00:00:00:00:{self.number:02x}"),
            ("addr", "add", f"{self.address}/24", "dev", "eth0"),
            ("link", "set", "eth0", "up"),
        ):
            _run("ip", "-n", self.namespace, *words)
        self.network.switch("ip", "link", "set", "dev", self.port, "master", "switch", "up")
        self.is_on = True


@dataclass(slots=True)
class Network:
    """The switch and what is plugged into it."""

    prefix: str = f"{PREFIX}{os.getpid()}-"
    machines: dict[str, Machine] = field(default_factory=dict)
    _cuts: set[tuple[str, str]] = field(default_factory=set)
    _losses: dict[str, int] = field(default_factory=dict)

    @property
    def hub(self) -> str:
        """The namespace of the switch."""
        return f"{self.prefix}switch"

    def switch(self, *words: str) -> None:
        """Run a command on the switch."""
        _run("ip", "netns", "exec", self.hub, *words)

    def open(self, *names: str) -> None:
        """Make the switch and the machines, all of them on."""
        _run("ip", "netns", "add", self.hub)
        # Without snooping and spanning tree a port forwards as soon as it is up.
        self.switch("ip", "link", "add", "switch", "type", "bridge", "stp_state", "0", "mcast_snooping", "0")
        self.switch("ip", "link", "set", "switch", "up")
        for number, name in enumerate(names, start=1):
            self.machines[name] = Machine(name, number, self)
            self.machines[name].power_on()

    def cut(self, source: Machine, destination: Machine) -> None:
        """Drop what *source* sends to *destination*, and nothing else."""
        self._cuts.add((source.address, destination.address))
        self._apply()

    def partition(self, one: Machine, other: Machine) -> None:
        """Drop what the two send each other."""
        self._cuts |= {(one.address, other.address), (other.address, one.address)}
        self._apply()

    def lose(self, source: Machine, percent: int) -> None:
        """Drop that part of what *source* sends, at random."""
        self._losses[source.address] = percent
        self._apply()

    def heal(self) -> None:
        """Drop nothing any more; cables stay as they are."""
        self._cuts.clear()
        self._losses.clear()
        self._apply()

    def close(self) -> None:
        """End every process on the machines and remove everything."""
        remove(self.prefix)

    def _apply(self) -> None:
        rules = [f"ip saddr {source} ip daddr {destination} drop" for source, destination in sorted(self._cuts)]
        rules += [
            f"ip saddr {source} numgen random mod 100 < {percent} drop" for source, percent in self._losses.items()
        ]
        chain = ["type filter hook forward priority 0", *rules]
        table = "add table bridge faults\ndelete table bridge faults\ntable bridge faults {\nchain forward {\n"
        text = table + "\n".join(chain) + "\n}\n}\n"  # replaced in one transaction
        command = ["ip", "netns", "exec", self.hub, "nft", "-f", "-"]
        subprocess.run(command, input=text, text=True, check=True, capture_output=True)


@contextmanager
def network(*names: str) -> Iterator[Network]:
    """A network of machines with these names, for the length of the block."""
    require_network()
    remove_left_behind()
    made = Network()
    try:
        made.open(*names)
        yield made
    finally:
        made.close()


def remove_left_behind() -> None:
    """Remove what runs that were interrupted left: their process is gone, or is this one."""
    for path in NAMESPACES.glob(f"{PREFIX}*"):
        owner = path.name.removeprefix(PREFIX).partition("-")[0]
        if owner == str(os.getpid()) or not Path("/proc", owner).exists():
            remove(f"{PREFIX}{owner}-")


def remove(prefix: str) -> None:
    """End the processes of every namespace of that prefix, and remove it."""
    for path in sorted(NAMESPACES.glob(f"{prefix}*")):
        _kill(path.name)
        _run("ip", "netns", "del", path.name, check=False)


def _kill(namespace: str) -> None:
    deadline = time.monotonic() + END_TIMEOUT
    while pids := subprocess.run(["ip", "netns", "pids", namespace], capture_output=True, check=False).stdout.split():
        assert time.monotonic() < deadline, f"{namespace}: {pids} do not end"
        for pid in map(int, pids):
            if pid != os.getpid():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)


def _enter(descriptor: int) -> None:
    if ctypes.CDLL(None, use_errno=True).setns(descriptor, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


def _run(*words: str, check: bool = True) -> int:
    return subprocess.run(words, check=check, capture_output=True).returncode
