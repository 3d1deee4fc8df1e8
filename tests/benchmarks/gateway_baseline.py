"""What the kernel alone takes: a loop of ``send`` on as many sockets, with nothing around it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time

from tests.benchmarks.gateway_load import ROOT

SECONDS = 5


def bare_send_cost(clients: int, rate: int, size: int) -> float:
    """Return microseconds of processor time (user and system) a send."""
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)
        listening.bind(("127.0.0.1", 0))
        listening.listen(clients)
        port = str(listening.getsockname()[1])
        arguments = [sys.executable, "-m", "tests.benchmarks.gateway_baseline", port, str(clients)]
        reader = subprocess.Popen(arguments, cwd=ROOT, stdin=subprocess.PIPE)
        sockets = [listening.accept()[0] for _ in range(clients)]
    try:
        return _send(sockets, rate, b"x" * size)
    finally:
        for sock in sockets:
            sock.close()
        reader.communicate(timeout=10)


def _send(sockets: list[socket.socket], rate: int, data: bytes) -> float:
    for sock in sockets:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setblocking(False)
    time.sleep(0.5)
    before, began = os.times(), time.monotonic()
    for tick in range(rate * SECONDS):
        for sock in sockets:
            sock.send(data)
        time.sleep(max(0.0, began + (tick + 1) / rate - time.monotonic()))
    after = os.times()
    used = after.user - before.user + after.system - before.system
    return used / (rate * SECONDS * len(sockets)) * 1e6


def _read(port: int, count: int) -> None:
    """Read everything until the other side closes."""
    from tests.benchmarks.gateway_load import drink  # noqa: PLC0415 - the parent process has no use for it

    drink([socket.create_connection(("127.0.0.1", port)) for _ in range(count)])


if __name__ == "__main__":
    _read(int(sys.argv[1]), int(sys.argv[2]))
