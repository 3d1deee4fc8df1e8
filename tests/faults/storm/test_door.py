"""The port in a rush: a few at a time, nobody is lost, and a process without descriptors goes on by itself."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from services.gateway import server
from services.gateway.connection import Connection
from services.gateway.service import Gateway
from services.gateway.settings import GatewaySettings
from tests.faults.storm.swarm import HANDSHAKE, Swarm
from tests.integration.gateway.conftest import running_gateway
from tests.integration.gateway.fake_listener import FakeListener, until

RUSH = 40


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Gateway]:
    """A gateway that takes one stranger in each turn of the loop."""
    listener = FakeListener(f"ipc://{tmp_path}/bus")
    await listener.start()
    async with running_gateway(listener.bind, tmp_path, handshakes_per_turn=1) as running:
        yield running
    await listener.stop()


class Turn:
    """Counts the turns of the loop, from the moment it is made."""

    def __init__(self) -> None:
        self.number = 0
        self._loop = asyncio.get_running_loop()
        self._handle = self._loop.call_soon(self._next)

    def stop(self) -> None:
        self._handle.cancel()

    def _next(self) -> None:
        self.number += 1
        self._handle = self._loop.call_soon(self._next)


async def test_others_have_their_turn_between_two_strangers(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    turn = Turn()
    accepted: list[int] = []
    opened: list[int] = []
    connected, open_one = gateway.hub.connected, gateway.hub.opened

    def note_connected(connection: Connection) -> None:
        accepted.append(turn.number)
        connected(connection)

    def note_opened(connection: Connection, *presented: object) -> None:
        opened.append(turn.number)
        open_one(connection, *presented)

    monkeypatch.setattr(gateway.hub, "connected", note_connected)
    monkeypatch.setattr(gateway.hub, "opened", note_opened)
    rush = [socket.create_connection(("127.0.0.1", gateway.port)) for _ in range(RUSH)]
    for sock in rush:
        sock.sendall(HANDSHAKE)
    await until(lambda: len(opened) == RUSH)
    turn.stop()
    assert len(set(accepted)) == len(set(opened)) == RUSH
    for sock in rush:
        sock.close()


async def test_what_is_sent_leaves_at_once(gateway: Gateway) -> None:
    """Nagle's algorithm would hold an event back until the one before is confirmed."""
    with socket.create_connection(("127.0.0.1", gateway.port)):
        await until(lambda: bool(gateway.hub.connections))
        (connection,) = gateway.hub.connections
        accepted = connection.transport.get_extra_info("socket")
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


class OutOfDescriptors:
    """A listening socket in a process that may open nothing more, for a while."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self.refusals = 3

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def accept(self) -> tuple[socket.socket, object]:
        if self.refusals:
            self.refusals -= 1
            raise OSError(errno.EMFILE, "Too many open files")
        return self._sock.accept()


async def test_without_a_descriptor_it_waits_and_tries_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[OutOfDescriptors] = []
    listening_socket = server.listening_socket

    def poor(settings: Any) -> OutOfDescriptors:
        made.append(OutOfDescriptors(listening_socket(settings)))
        return made[0]

    monkeypatch.setattr(server, "listening_socket", poor)
    monkeypatch.setattr(server, "_ACCEPT_RETRY", 0.05)
    listener = FakeListener(f"ipc://{tmp_path}/bus")
    await listener.start()
    async with running_gateway(listener.bind, tmp_path) as running:
        swarm = Swarm(running.port)
        swarm.grow(10)
        await until(swarm.everybody_is_in, timeout=60)
        assert made[0].refusals == 0
        assert swarm.wrong == {}
        await swarm.close()
    await listener.stop()


async def test_who_waits_in_the_queue_when_it_drains_is_told_to_go_elsewhere(tmp_path: Path) -> None:
    listener = FakeListener(f"ipc://{tmp_path}/bus")
    await listener.start()
    settings = GatewaySettings(
        port=0, bus_connect=listener.bind, heartbeat_address=f"ipc://{tmp_path}/beats", handshakes_per_turn=1
    )
    gateway, stop = Gateway(settings), asyncio.Event()
    running = asyncio.create_task(gateway.run(stop))
    await gateway.ready.wait()
    rush = [socket.create_connection(("127.0.0.1", gateway.port)) for _ in range(RUSH)]
    for sock in rush:
        sock.sendall(HANDSHAKE)
        sock.setblocking(False)
    stop.set()
    for said in await asyncio.gather(*map(everything, rush)):
        assert said.startswith(b"HTTP/1.1 101 ")
        assert b"\x03\xe9going_away" in said
    await running
    await listener.stop()


async def everything(sock: socket.socket) -> bytes:
    """Return what comes until the other side ends it."""
    loop, said = asyncio.get_running_loop(), b""
    while part := await loop.sock_recv(sock, 4096):
        said += part
    sock.close()
    return said
