"""A client that does not read costs a bounded amount, disturbs nobody and loses nothing."""

from __future__ import annotations

import asyncio
import json
import socket

import pytest

from services.gateway.connection import Connection
from services.gateway.service import Gateway
from tests.integration.gateway.conftest import ConnectClient, StartGateway
from tests.integration.gateway.fake_listener import FakeListener, until

HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


class SlowClient:
    """A plain socket with a small receive buffer that reads only when told to."""

    def __init__(self, port: int) -> None:
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.setblocking(False)
        self.port = port
        self._buffer = b""

    async def register(self) -> None:
        loop = asyncio.get_running_loop()
        await loop.sock_connect(self.socket, ("127.0.0.1", self.port))
        await loop.sock_sendall(self.socket, HANDSHAKE)
        while b"\r\n\r\n" not in self._buffer:
            self._buffer += await loop.sock_recv(self.socket, 4096)
        self._buffer = self._buffer.partition(b"\r\n\r\n")[2]
        await self.send({"message_type": "register", "data": {"app_name": "slow"}})
        assert (await self.receive())["message_type"] == "registered"
        assert (await self.receive())["message_type"] == "status"

    async def send(self, message: object) -> None:
        payload = json.dumps(message).encode()
        frame = bytes((0x81, 0x80 | len(payload))) + b"\0\0\0\0" + payload
        await asyncio.get_running_loop().sock_sendall(self.socket, frame)

    async def receive(self) -> dict[str, object]:
        await self._fill(2)
        length = self._buffer[1]
        header = {126: 4, 127: 10}.get(length, 2)
        await self._fill(header)
        length = int.from_bytes(self._buffer[2:header], "big") if header > 2 else length
        await self._fill(header + length)
        message: dict[str, object] = json.loads(self._buffer[header : header + length])
        self._buffer = self._buffer[header + length :]
        return message

    async def events(self, count: int) -> list[int]:
        seqs: list[int] = []
        while len(seqs) < count:
            message = await self.receive()
            if message["message_type"] == "realtime_event":
                seqs.append(message["data"]["seq"])  # type: ignore[index]
        return seqs

    async def _fill(self, length: int) -> None:
        while len(self._buffer) < length:
            received = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(self.socket, 65536), 90)
            assert received, "the gateway closed"
            self._buffer += received


def connection_of(gateway: Gateway, app_name: str = "slow") -> Connection:
    return next(item for item in gateway.hub.clients.values() if item.session and item.session.app_name == app_name)


@pytest.mark.parametrize("ring_max_events", [20_000, 100], ids=["from the ring", "from the log"])
async def test_a_client_that_never_reads_is_bounded_and_loses_nothing_when_it_reads_on(
    listener: FakeListener, start_gateway: StartGateway, client_of: ConnectClient, ring_max_events: int
) -> None:
    gateway = await start_gateway(ring_max_events=ring_max_events)
    slow, other = SlowClient(gateway.port), await client_of(gateway)
    await slow.register()
    await other.register()
    for _ in range(40):
        listener.insert(50, padding=800)
        await other.events(50)
    connection = connection_of(gateway)
    assert connection.paused_at is not None
    assert connection.transport.get_write_buffer_size() <= 64 * 1024
    assert await slow.events(2000) == list(range(1, 2001))
    listener.insert(2)
    assert await slow.events(2) == [2001, 2002]
    slow.socket.close()


async def test_one_event_larger_than_every_buffer_arrives(
    listener: FakeListener, gateway: Gateway, client_of: ConnectClient
) -> None:
    slow, other = SlowClient(gateway.port), await client_of(gateway, max_size=None)
    await slow.register()
    await other.register()
    for _ in range(3):
        listener.insert(padding=1_000_000)
    assert await other.events(3) == [1, 2, 3]
    assert await slow.events(3) == [1, 2, 3]
    slow.socket.close()


async def test_a_paused_client_misses_custom_events_and_nothing_else(
    listener: FakeListener, gateway: Gateway, client_of: ConnectClient
) -> None:
    slow, other = SlowClient(gateway.port), await client_of(gateway)
    await slow.register()
    await other.register()
    listener.insert(600, padding=800)
    await until(lambda: connection_of(gateway).paused_at is not None)
    await other.send("broadcast", {"event_type": "HELLO", "data": {}, "id": 1})
    await other.events(600)
    assert await other.expect("broadcasted") == {"id": 1}
    await until(lambda: gateway.hub.drops["custom_event"] == 1)
    assert await slow.events(600) == list(range(1, 601))
    slow.socket.close()


async def test_a_client_that_asks_without_reading_does_not_pile_up_answers(
    listener: FakeListener, start_gateway: StartGateway
) -> None:
    gateway = await start_gateway(max_messages_per_second=1_000_000, max_frames_per_second=1_000_000)
    slow = SlowClient(gateway.port)
    await slow.register()
    ping = {"message_type": "ping", "data": {"filler": "x" * 60}}

    async def ask_for_ever() -> None:
        while True:
            await slow.send(ping)

    asking = asyncio.create_task(ask_for_ever())
    await until(lambda: connection_of(gateway).paused_at is not None)
    # One more read may have been under way, and the answers to it.
    size = connection_of(gateway).transport.get_write_buffer_size()
    assert size <= 600 * 1024
    asking.cancel()
    slow.socket.close()


async def test_a_stalled_client_is_closed_as_too_slow(listener: FakeListener, start_gateway: StartGateway) -> None:
    gateway = await start_gateway(stalled_timeout=0.2, close_timeout=0.2)
    slow = SlowClient(gateway.port)
    await slow.register()
    listener.insert(2000, padding=800)
    await until(lambda: gateway.hub.closes[4001] == 1)
    assert not gateway.hub.clients
    slow.socket.close()


async def test_an_epoch_that_changes_while_a_client_does_not_read_is_told_once(
    listener: FakeListener, gateway: Gateway
) -> None:
    slow = SlowClient(gateway.port)
    await slow.register()
    listener.insert(600, padding=800)
    await until(lambda: connection_of(gateway).paused_at is not None)
    for number in (2, 3):
        listener.epoch, listener.events, listener.first_seq = f"epoch-{number}", [], number * 1000 + 1
        await until(lambda: gateway.delivery.ring.epoch == listener.epoch)
    message = await slow.receive()
    while message["message_type"] == "realtime_event":
        message = await slow.receive()
    assert message["message_type"] == "resync"
    assert message["data"] == {"reason": "epoch_changed", "tables": None, "epoch": "epoch-3", "seq": 3000}
    listener.insert()
    assert await slow.events(1) == [3001]
    slow.socket.close()


async def test_a_status_that_changed_while_a_client_did_not_read_is_told_once(
    listener: FakeListener, gateway: Gateway
) -> None:
    slow = SlowClient(gateway.port)
    await slow.register()
    listener.insert(600, padding=800)
    await until(lambda: connection_of(gateway).paused_at is not None)
    for up in (False, True, False):
        listener.database_up = up
        await until(lambda: gateway.hub.status.up is listener.database_up)
    told = []
    seen = 0
    while seen < 600 or not told:
        message = await slow.receive()
        if message["message_type"] == "status":
            told.append(message["data"]["database"])  # type: ignore[index]
        seen += message["message_type"] == "realtime_event"
    assert told == ["down"]
    slow.socket.close()
