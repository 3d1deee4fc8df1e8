"""Servers that are programs of ours around somebody's library, written as its documentation shows a broadcast."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks.children import child, free_port
from tests.benchmarks.load.generator import Approach, masked
from tests.benchmarks.peers.contract import INSTALL_PEERS, Feed, Place, Running
from tests.benchmarks.peers.feeds import StreamFeed, WebSocketFeed
from tests.benchmarks.peers.installed import NODE, NODE_PEERS, PACKAGES, has_node_module
from tests.benchmarks.running import ROOT

HERE = Path(__file__).parent


def always() -> bool:
    """It comes with the product's own requirements."""
    return True


@dataclass(frozen=True, slots=True)
class Program:
    """A program that takes a port for clients and one for the feed."""

    name: str
    command: Sequence[str | Path]
    is_installed: Callable[[], bool]
    feed: Callable[[int], Feed] = StreamFeed
    feeds_itself: bool = False
    approach: Approach = field(default_factory=Approach)

    def missing(self) -> str | None:
        """The Python and Node.js peers are installed together."""
        return None if self.is_installed() else f"install it: {INSTALL_PEERS}"

    @contextlib.asynccontextmanager
    async def running(self, place: Place) -> AsyncIterator[Running]:
        """Run it; the feed has the clients' port where the server takes events from a client of its own."""
        port = free_port()
        feed_port = port if self.feeds_itself else free_port()
        command = [*self.command, str(port), str(feed_port)]
        environment = {"PYTHONPATH": f"{ROOT}:{PACKAGES}"}
        with child(command, place.directory, core=place.core, environment=environment) as process:
            await asyncio.to_thread(process.wait_for_port, port)
            yield Running(process, port, self.approach, self.feed(feed_port))


UWEBSOCKETS = Program(
    "uWebSockets",
    [sys.executable, HERE / "socketify_server.py"],
    (PACKAGES / "socketify").exists,
    feed=WebSocketFeed,
    feeds_itself=True,
)
WS = Program("ws (Node.js)", [NODE, NODE_PEERS / "ws_server.js"], lambda: has_node_module("ws"))
SOCKET_IO = Program(
    "socket.io",
    [NODE, NODE_PEERS / "socketio_server.js"],
    lambda: has_node_module("socket.io"),
    approach=Approach(path="/socket.io/?EIO=4&transport=websocket", greetings=[masked(b"40")], ready="40{"),
)
BROADCAST = Program("websockets.broadcast", [sys.executable, HERE / "broadcast_server.py"], always)
