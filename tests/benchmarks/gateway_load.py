"""What the gateway's benchmarks share: a gateway process, a publisher without a database, and many bare sockets.

The clients are plain sockets that speak just enough WebSocket, so that the machine's time goes into the gateway.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import resource
import selectors
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from shared.bus.messages import Batch, Beat
from shared.bus.zeromq import ZmqPublisher
from shared.events import Event

EPOCH = "benchmark"
ROOT = Path(__file__).resolve().parents[2]
HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    b"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\r\nOrigin: http://localhost\r\n\r\n"
)


def masked(message: dict[str, object]) -> bytes:
    """Frame one short message as a client does; a mask of zeros leaves the payload readable."""
    payload = json.dumps(message).encode()
    head = bytes((0x81, 0x80 | len(payload))) if len(payload) < 126 else b"\x81\xfe" + len(payload).to_bytes(2, "big")
    return head + b"\0\0\0\0" + payload


REGISTER = masked({"message_type": "register", "data": {"app_name": "benchmark"}})


@contextlib.contextmanager
def gateway_process(bus: str, directory: str, **variables: str) -> Iterator[tuple[int, int]]:
    """Run one gateway; yield its pid and port."""
    port = free_port()
    environment = {
        **os.environ,
        "WASLA_PORT": str(port),
        "WASLA_BUS_CONNECT": bus,
        "WASLA_HEARTBEAT_ADDRESS": f"ipc://{directory}/heartbeats",
        "WASLA_LOG_LEVEL": "WARNING",
        **variables,
    }
    process = subprocess.Popen([sys.executable, "-m", "services.gateway"], cwd=ROOT, env=environment)
    try:
        wait_until_listening(port)
        yield process.pid, port
    finally:
        process.terminate()
        process.wait(30)


def free_port() -> int:
    """Return a port that was free just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_listening(port: int) -> None:
    """Return when the port accepts connections."""
    deadline = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def connect(port: int) -> socket.socket:
    """Open one connection and register it; returns when the gateway has said where it stands."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    sock.connect(("127.0.0.1", port))
    sock.sendall(HANDSHAKE)
    received = b""
    while b"\r\n\r\n" not in received:
        received += sock.recv(4096)
    sock.sendall(REGISTER)
    while b'"status"' not in received:
        received += sock.recv(4096)
    return sock


class Publisher:
    """A leading listener: beats, and publishes batches."""

    def __init__(self, bus: str) -> None:
        self.top = 0
        self._bus = ZmqPublisher(bus, high_water_mark=100_000)

    async def beat(self) -> None:
        """Beat for ever."""
        while True:
            self._bus.publish(Beat("benchmark", True, EPOCH, self.top, True, time.time(), 1, time.time()))
            await asyncio.sleep(0.25)

    def publish(self, count: int, size: int) -> None:
        """Publish one batch of events whose messages are *size* bytes long."""
        events = [event(self.top + 1 + index, size) for index in range(count)]
        self._bus.publish(Batch(EPOCH, self.top, events, time.time(), time.time()))
        self.top += count

    async def close(self) -> None:
        """Release the bus."""
        await self._bus.close()


@contextlib.asynccontextmanager
async def publisher(bus: str) -> AsyncIterator[Publisher]:
    """Run a publisher that beats."""
    running = Publisher(bus)
    beat = asyncio.create_task(running.beat())
    try:
        yield running
    finally:
        beat.cancel()
        await running.close()


def event(seq: int, size: int) -> Event:
    """Make an event whose message is *size* bytes long."""
    data = {"event_type": "INSERT", "table": "bookings", "id": str(seq), "seq": seq, "channel": "booking_events"}
    message = {"message_type": "realtime_event", "data": {**data, "data": {"id": str(seq), "filler": ""}}}
    message["data"]["data"]["filler"] = "x" * (size - len(json.dumps(message)))  # type: ignore[index]
    return Event(seq, "INSERT", "bookings", "booking_events", None, 0.0, json.dumps(message).encode())


def cpu_seconds(pid: int) -> float:
    """Return the processor time a process has used, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def allow_files(count: int) -> None:
    """Raise the limit of open files of this process and of those it starts, if it is lower."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, count + 500), hard), hard))


def resident_bytes(pid: int) -> int:
    """Return the memory a process has resident."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@contextlib.contextmanager
def bus_address() -> Iterator[tuple[str, str]]:
    """Yield a bus address and the directory it is in."""
    with tempfile.TemporaryDirectory(prefix="wasla-bench-") as directory:
        yield f"ipc://{directory}/bus", directory


class Drinkers:
    """A process that reads many connections as fast as it can and counts bytes."""

    def __init__(self, port: int, count: int) -> None:
        arguments = [sys.executable, "-m", "tests.benchmarks.gateway_load", str(port), str(count)]
        self._process = subprocess.Popen(arguments, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._line()

    def received(self) -> int:
        """Return the bytes received so far."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return int(self._line())

    def close(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.wait(10)
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


def drink(sockets: list[socket.socket]) -> None:
    """Read from every socket until one is closed; a line on standard input asks for the bytes so far."""
    selector = selectors.DefaultSelector()
    for sock in sockets:
        sock.setblocking(False)
        selector.register(sock, selectors.EVENT_READ)
    selector.register(sys.stdin, selectors.EVENT_READ)
    total = 0
    while True:
        for key, _ in selector.select():
            if key.fileobj is sys.stdin:
                sys.stdin.readline()
                tell(total)
                continue
            data = key.fileobj.recv(1 << 18)  # type: ignore[union-attr]
            if not data:
                return
            total += len(data)


def tell(value: object) -> None:
    """Write one line to the parent process."""
    sys.stdout.write(f"{value}\n")
    sys.stdout.flush()


def _main() -> None:
    port, count = int(sys.argv[1]), int(sys.argv[2])
    allow_files(count)
    sockets = [connect(port) for _ in range(count)]
    tell("ready")
    drink(sockets)


if __name__ == "__main__":
    _main()
