"""A gateway full of clients is killed: how long until all of them are back, and what the others notice.

    python -m tests.benchmarks.storm [clients] [surviving gateways] [events a second] [quiet]

The clients are in this process, with full jitter over half a second as their first delay. One more client, in a
process of its own, stays at a surviving gateway: the time from each commit until it has the event says whether the
handshakes of a storm keep deliveries waiting. With ``quiet`` the others ask for a table that does not change: what
there is to do is handshakes. WASLA_HANDSHAKES_PER_TURN=1000000 shows what it would be without turns.
"""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from collections.abc import Sequence

import msgspec
import uvloop
from rich.console import Console

from tests.benchmarks.gateway_load import HANDSHAKE, REGISTER, allow_files, tell
from tests.benchmarks.running import ROOT, machine
from tests.databases import fresh_database
from tests.faults.storm.arena import Arena, arena
from tests.faults.storm.commits import Commits
from tests.faults.storm.swarm import Swarm
from tests.servers import temporary_server

console = Console(width=120)
READ_LOG = "FROM wasla.event_log WHERE seq > $1"


async def storm(clients: int, survivors: int, rate: float, table: str) -> None:
    """Run one storm and print what was measured."""
    with temporary_server(18, log_statement="all") as server:
        async with fresh_database(server, "station") as url, arena(url, WASLA_REPLAY_RING_MAX_EVENTS="1") as ground:
            doomed = await ground.start_gateway()
            swarm, commits = Swarm(ground.port, table), Commits(url, rate)
            swarm.grow(clients)
            await ground.until("everybody is in", swarm.everybody_is_in)
            for _ in range(survivors):
                await ground.start_gateway()
            watcher = await Watcher.somewhere_but(f":{doomed.pid}", ground)
            async with commits.going_on():
                await asyncio.sleep(5)
                reads, before = server.log.count(READ_LOG), len(commits.committed_at)
                ground.max_lag.clear()
                killed_at = ground.kill(doomed)
                await ground.until("everybody is back", lambda: swarm.found["resumed"] >= clients)
                await ground.until("everybody is back", swarm.everybody_is_in)
                await asyncio.sleep(2)
                after = len(commits.committed_at)
                await asyncio.sleep(3)
            await ground.until("the last event", lambda: swarm.everybody_has(commits.top))
            arrivals = await watcher.arrivals(commits.top)
            back = sorted(at - killed_at for at in swarm.registered_at.values())
            console.print(f"{clients} clients, {survivors} surviving gateways, {rate:g} events/s; {machine()}")
            console.print(f"back: half {part(back, 0.5)}, 99 % {part(back, 0.99)}, all {part(back, 1.0)}")
            delays = [arrivals[seq] - commits.committed_at[seq] for seq in range(1, commits.top + 1)]
            console.print(f"an event to who stayed, at rest: {quartet(delays[:before])}")
            console.print(f"an event to who stayed, in the storm: {quartet(delays[before:after])}")
            lags = ", ".join(f"{ground.max_lag[gateway.pid] * 1000:.0f} ms" for gateway in ground.gateways)
            console.print(f"a survivor's loop was held for at most {lags}")
            console.print(f"reads of the log: {server.log.count(READ_LOG) - reads}; {dict(swarm.found)}")
            console.print(f"wrong: {dict(swarm.wrong) or 'nothing'}")
            await swarm.close()


class Watcher:
    """A client in a process of its own that notes when each event came."""

    def __init__(self, process: asyncio.subprocess.Process, gateway: str) -> None:
        self._process = process
        self.gateway = gateway

    @classmethod
    async def somewhere_but(cls, doomed: str, ground: Arena) -> Watcher:
        """Connect until it is another gateway than the one whose name ends so."""
        while True:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.benchmarks.storm", "watch", str(ground.port),
                cwd=ROOT, stdout=asyncio.subprocess.PIPE,
            )  # fmt: skip
            assert process.stdout is not None
            gateway = (await process.stdout.readline()).decode().strip()
            if not gateway.endswith(doomed):
                return cls(process, gateway)
            process.kill()
            await process.wait()

    async def arrivals(self, last: int) -> dict[int, float]:
        """Return when each event came, in monotonic seconds; returns when the last one has."""
        assert self._process.stdout is not None
        came: dict[int, float] = {}
        while last not in came:
            seq, at = (await self._process.stdout.readline()).split()
            came[int(seq)] = float(at)
        self._process.kill()
        await self._process.wait()
        return came


def watch(port: int) -> None:
    """Connect, tell the gateway's name, then a line for each event."""
    sock = socket.create_connection(("127.0.0.1", port))
    sock.sendall(HANDSHAKE)
    received = b""
    while b"\r\n\r\n" not in received:
        received += sock.recv(4096)
    received = received.partition(b"\r\n\r\n")[2]
    sock.sendall(REGISTER)
    while True:
        received += sock.recv(65536)
        at = time.monotonic()
        while (frame := one_frame(received)) is not None:
            payload, received = frame
            message = msgspec.json.decode(payload) if payload.startswith(b"{") else {"message_type": ""}
            if message["message_type"] == "registered":
                tell(message["data"]["gateway"])
            elif message["message_type"] == "realtime_event":
                tell(f"{message['data']['seq']} {at}")


def one_frame(data: bytes) -> tuple[bytes, bytes] | None:
    """Return the first frame's payload and the rest, or None where it is not complete."""
    if len(data) < 4:
        return None
    length, body = (data[1], 2) if data[1] < 126 else (int.from_bytes(data[2:4], "big"), 4)
    return (data[body : body + length], data[body + length :]) if len(data) >= body + length else None


def part(values: Sequence[float], share: float) -> str:
    """Say how much *share* of the values does not exceed."""
    return f"{values[min(len(values) - 1, int(share * len(values)))]:.2f} s"


def quartet(values: Sequence[float]) -> str:
    """Say half, 95 %, and the longest of some times."""
    ordered = sorted(values)
    points = [ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000 for share in (0.5, 0.95, 1.0)]
    return "half {:.1f} ms, 95 % {:.1f} ms, longest {:.1f} ms".format(*points)


def main() -> None:
    """Run the measurement."""
    if sys.argv[1:2] == ["watch"]:
        watch(int(sys.argv[2]))
        return
    words = sys.argv[1:]
    table = "vehicle_queue" if words[-1:] == ["quiet"] else ""
    given = [int(word) for word in words if word != "quiet"]
    clients, survivors, rate = given + [5000, 2, 10][len(given) :]
    allow_files(clients)
    uvloop.run(storm(clients, survivors, rate, table))


if __name__ == "__main__":
    main()
