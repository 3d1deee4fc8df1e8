"""The port itself: health, handshakes, deadlines, limits, draining."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import struct
import sys
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from services.gateway.server import listening_socket
from services.gateway.service import Gateway
from services.gateway.settings import GatewaySettings
from shared.close_codes import CloseCode
from shared.errors import ConfigurationError
from tests.integration.gateway.conftest import ConnectClient, StartGateway
from tests.integration.gateway.fake_listener import FakeListener, until
from tests.ports import free_ports

ROOT = Path(__file__).resolve().parents[3]
UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


async def ask(gateway: Gateway, request: bytes) -> bytes:
    """Send bytes and return everything that comes until the gateway closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(request)
    received = await asyncio.wait_for(reader.read(), 90)
    writer.close()
    await writer.wait_closed()
    return received


@pytest.mark.parametrize(
    ("request_line", "status", "words"),
    [
        (b"GET /healthz HTTP/1.1", b"200 OK", b"ok\n"),
        (b"GET /healthz?x=1 HTTP/1.1", b"200 OK", b"ok\n"),
        (b"GET / HTTP/1.1", b"426 Upgrade Required", b"this port speaks WebSocket"),
        (b"GET /secret HTTP/1.1", b"404 Not Found", b"there is nothing here"),
        (b"POST / HTTP/1.1", b"405 Method Not Allowed", b"Allow: GET"),
        (b"POST / HTTP/1.1\r\nContent-Length: 1", b"405 Method Not Allowed", b"this port answers GET alone"),
        (b"OPTIONS * HTTP/1.1", b"405 Method Not Allowed", b"this port answers GET alone"),
        (b"EHLO mail.example.org", b"400 Bad Request", b"this is no HTTP request"),
    ],
)
async def test_plain_http_is_answered_with_a_sentence(
    gateway: Gateway, request_line: bytes, status: bytes, words: bytes
) -> None:
    answer = await ask(gateway, request_line + b"\r\nHost: x\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 " + status)
    assert words in answer


async def test_a_head_request_is_answered_without_content(gateway: Gateway) -> None:
    answer = await ask(gateway, b"HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 405 ")
    assert answer.endswith(b"\r\n\r\n")


async def test_tls_on_the_plain_port_is_hung_up_on(start_gateway: StartGateway) -> None:
    gateway = await start_gateway(handshake_timeout=1000.0)
    assert await ask(gateway, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03") == b""
    await until(lambda: not gateway.hub.connections)


async def test_half_a_handshake_is_told_that_its_time_is_up(start_gateway: StartGateway) -> None:
    gateway = await start_gateway(handshake_timeout=0.1)
    answer = await ask(gateway, UPGRADE[:60])
    assert answer.startswith(b"HTTP/1.1 408 Request Timeout")
    await until(lambda: not gateway.hub.connections)


async def test_a_connection_that_says_nothing_is_ended(start_gateway: StartGateway) -> None:
    gateway = await start_gateway(handshake_timeout=0.1)
    assert (await ask(gateway, b"")).startswith(b"HTTP/1.1 408 ")


async def test_who_does_not_register_is_closed_with_4000(start_gateway: StartGateway, client_of: ConnectClient) -> None:
    gateway = await start_gateway(register_timeout=0.1)
    client = await client_of(gateway)
    assert await client.closed() == 4000


async def test_a_link_that_is_silent_is_pinged_and_then_closed_with_4004(start_gateway: StartGateway) -> None:
    gateway = await start_gateway(ping_interval=0.1, ping_timeout=0.1)
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    payload = json.dumps({"message_type": "register", "data": {"app_name": "silent"}}).encode()
    writer.write(UPGRADE)
    await reader.readuntil(b"\r\n\r\n")
    writer.write(bytes((0x81, 0x80 | len(payload))) + b"\0\0\0\0" + payload)
    received = await asyncio.wait_for(reader.read(), 90)
    assert b"\x89\x00" in received
    assert b"\x0f\xa4ping_timeout" in received
    writer.close()
    await writer.wait_closed()


async def test_a_link_that_answers_pings_stays(start_gateway: StartGateway, client_of: ConnectClient) -> None:
    gateway = await start_gateway(ping_interval=0.05, ping_timeout=30.0)
    client = await client_of(gateway)
    await client.register()
    connection = next(iter(gateway.hub.clients.values()))
    seen = connection.last_seen
    await until(lambda: connection.last_seen > seen)
    assert gateway.hub.clients


async def test_one_connection_too_many_is_closed_with_4002(
    start_gateway: StartGateway, client_of: ConnectClient
) -> None:
    gateway = await start_gateway(max_connections=1)
    first = await client_of(gateway)
    await first.register()
    assert await (await client_of(gateway)).closed() == 4002
    await first.send("ping", {})
    await first.expect("pong")


def test_a_port_of_another_program_is_refused_with_a_sentence() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"WASLA_PORT: 127.0.0.1:{port} is taken"):
            listening_socket(GatewaySettings(port=port))


def test_an_address_of_another_machine_is_refused_with_a_sentence() -> None:
    with pytest.raises(ConfigurationError, match=r"WASLA_HOST: expected an address of this machine, got 192\.0\.2\.1"):
        listening_socket(GatewaySettings(host="192.0.2.1", port=0))


async def test_a_client_that_was_lost_meanwhile_is_not_written_to(gateway: Gateway, client_of: ConnectClient) -> None:
    """Draining closes client by client; one that resets its connection must not keep the others from their goodbye."""
    client = await client_of(gateway)
    await client.register()
    (connection,) = gateway.hub.connections
    raw = client.socket.transport.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # its end is a reset
    client.socket.transport.abort()
    await until(lambda: not gateway.hub.connections)
    connection.close(CloseCode.GOING_AWAY)
    connection.send(b"\x89\x00")
    assert gateway.hub.closes == {1006: 1}


async def test_the_process_drains_on_sigterm_and_exits_0(listener: FakeListener, tmp_path: Path) -> None:
    port = free_ports(1)
    process = await _start_process(listener, port, tmp_path)
    clients = [await _connect(port) for _ in range(20)]
    for client in clients:
        await client.send(json.dumps({"message_type": "register", "data": {"app_name": "a"}}))
        await client.recv()
    process.send_signal(signal.SIGTERM)
    for client in clients:
        async with asyncio.timeout(60):
            await client.wait_closed()
        assert client.close_code == 1001
    assert await asyncio.wait_for(process.wait(), 60) == 0


async def test_two_gateways_share_a_port(listener: FakeListener, tmp_path: Path) -> None:
    port = free_ports(1)
    processes = [await _start_process(listener, port, tmp_path), await _start_process(listener, port, tmp_path)]
    await until(lambda: len(listener.gateways) == 2)
    names = set()
    while len(names) < 2:
        client = await _connect(port)
        await client.send(json.dumps({"message_type": "register", "data": {"app_name": "a"}}))
        names.add(json.loads(await client.recv())["data"]["gateway"])
        await client.close()
    for process in processes:
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 60) == 0


async def _start_process(listener: FakeListener, port: int, tmp_path: Path) -> asyncio.subprocess.Process:
    environment = {
        **os.environ,
        "WASLA_PORT": str(port),
        "WASLA_BUS_CONNECT": listener.bind,
        "WASLA_HEARTBEAT_ADDRESS": f"ipc://{tmp_path}/h",
        "WASLA_DRAIN_TIMEOUT": "0.2",
    }
    listening = len(listener.gateways)
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "services.gateway", cwd=ROOT, env=environment)
    await until(lambda: len(listener.gateways) > listening, timeout=60)
    await _connectable(port)
    return process


async def _connectable(port: int) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                await writer.wait_closed()
                return


async def _connect(port: int):  # type: ignore[no-untyped-def]
    return await connect(f"ws://127.0.0.1:{port}/", compression=None)
