"""The gateway's port by TLS: the same life as without, renewed certificates, and no way around."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import ssl
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidMessage

from services.gateway.service import Gateway
from shared.access import tls
from shared.access.settings import AccessSettings
from shared.access.tls import pinned_context
from shared.errors import ConfigurationError
from tests.certificates import Files, make_certificate
from tests.integration.gateway.client import Client
from tests.integration.gateway.conftest import StartGateway
from tests.integration.gateway.fake_listener import FakeListener, until


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return make_certificate(tmp_path)


def trusting(files: Files) -> ssl.SSLContext:
    """Return what a browser of the company does: the certificate is known, the name is checked."""
    return ssl.create_default_context(cafile=str(files.cert))


def pinned(files: Files) -> ssl.SSLContext:
    context = pinned_context(AccessSettings(tls_cert=files.cert))
    assert context is not None
    return context


def open_socket(gateway: Gateway, context: ssl.SSLContext, **options: Any) -> connect:
    return connect(f"wss://127.0.0.1:{gateway.port}/", ssl=context, compression=None, **options)


async def test_events_arrive_and_both_sides_say_goodbye(
    listener: FakeListener, start_gateway: StartGateway, files: Files
) -> None:
    gateway = await start_gateway(tls_cert=files.cert, tls_key=files.key, close_timeout=60)
    async with open_socket(gateway, trusting(files)) as socket:
        client = Client(socket)
        await client.register()
        listener.insert(2000, padding=300)
        assert await client.events(2000) == list(range(1, 2001))
    assert socket.close_code == 1000
    await until(lambda: not gateway.hub.connections)
    assert gateway.hub.closes == {1000: 1}


async def test_a_client_is_closed_with_a_reason(start_gateway: StartGateway, files: Files) -> None:
    gateway = await start_gateway(tls_cert=files.cert, tls_key=files.key, client_key="k" * 32, close_timeout=60)
    async with open_socket(gateway, trusting(files)) as socket:
        await Client(socket).send("register", {"app_name": "x"})
        await Client(socket).expect("error")
        assert await Client(socket).closed() == 4501
    await until(lambda: not gateway.hub.connections)


async def test_too_many_frames_are_closed_with_a_reason(start_gateway: StartGateway, files: Files) -> None:
    gateway = await start_gateway(tls_cert=files.cert, tls_key=files.key, max_frames_per_second=20, close_timeout=60)
    async with open_socket(gateway, trusting(files)) as socket:
        await Client(socket).register()
        for _ in range(100):  # of which more than 20 are in the same second, however they fall
            await socket.pong()
        assert await Client(socket).closed() == 4503
    await until(lambda: not gateway.hub.connections)


async def test_health_is_answered(start_gateway: StartGateway, files: Files) -> None:
    gateway = await start_gateway(tls_cert=files.cert, tls_key=files.key)
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port, ssl=trusting(files))
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (await reader.read()).startswith(b"HTTP/1.1 200")
    writer.close()
    await writer.wait_closed()


async def test_who_speaks_no_tls_gets_nowhere(start_gateway: StartGateway, files: Files) -> None:
    gateway = await start_gateway(tls_cert=files.cert, tls_key=files.key)
    with pytest.raises((InvalidMessage, OSError)):
        await connect(f"ws://127.0.0.1:{gateway.port}/")
    assert not gateway.hub.connections


@pytest.mark.parametrize("old", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
async def test_old_versions_are_refused(start_gateway: StartGateway, files: Files, old: ssl.TLSVersion) -> None:
    gateway = await start_gateway(tls_cert=files.cert, tls_key=files.key)
    context = trusting(files)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = old
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await open_socket(gateway, context)


async def test_a_client_that_never_reads_holds_a_bounded_amount(
    listener: FakeListener, start_gateway: StartGateway, files: Files
) -> None:
    gateway = await start_gateway(tls_cert=files.cert, tls_key=files.key)
    async with open_socket(gateway, trusting(files), max_queue=1) as socket:
        await Client(socket).register()
        (connection,) = gateway.hub.clients.values()
        socket.transport.pause_reading()
        for _ in range(200):
            listener.insert(100, padding=2000)
            await asyncio.sleep(0)
        await until(lambda: gateway.delivery.position.seq == 20_000 and connection.paused_at is not None)
        assert connection.transport.get_write_buffer_size() < 4 * gateway.settings.write_buffer_bytes
        socket.transport.resume_reading()
        assert await Client(socket).events(20_000) == list(range(1, 20_001))


async def test_a_renewed_certificate_is_shown_to_who_connects_then_and_drops_nobody(
    start_gateway: StartGateway, files: Files, tmp_path: Path
) -> None:
    gateway = await start_gateway(tls_cert=files.cert, tls_key=files.key)
    former = trusting(files)
    async with open_socket(gateway, former) as socket:
        await Client(socket).register()
        renewed = make_certificate(tmp_path, "renewed")
        shutil.copy(renewed.key, files.key)
        with pytest.raises(ConfigurationError, match="private key of the certificate"):
            gateway.reload()
        shutil.copy(renewed.cert, files.cert)
        gateway.reload()
        with pytest.raises(ssl.SSLCertVerificationError):
            await open_socket(gateway, former)
        async with open_socket(gateway, trusting(renewed)) as late:
            await Client(late).register()
        await Client(socket).send("ping", {})
        await Client(socket).expect("pong")


@pytest.mark.parametrize(("first", "second"), [("ec", "rsa"), ("rsa", "ec"), ("ec", "ec"), ("rsa", "rsa")])
async def test_a_renewed_certificate_may_have_another_kind_of_key(
    start_gateway: StartGateway, tmp_path: Path, first: str, second: str
) -> None:
    files, renewed = make_certificate(tmp_path, kind=first), make_certificate(tmp_path, "renewed", kind=second)
    gateway = await start_gateway(tls_cert=files.cert, tls_key=files.key)
    shutil.copy(renewed.key, files.key)
    shutil.copy(renewed.cert, files.cert)
    gateway.reload()
    for name in ("127.0.0.1", None):
        async with open_socket(gateway, pinned(renewed), server_hostname=name or "localhost") as socket:
            await Client(socket).register()


async def test_a_renewal_that_is_under_way_leaves_what_was_there(
    start_gateway: StartGateway, files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The files change while they are read: whatever was read of them, no half of it is in force."""
    gateway = await start_gateway(tls_cert=files.cert, tls_key=files.key)
    renewed, former, leaf = make_certificate(tmp_path, "renewed"), pinned(files), tls._leaf

    def overtaken(cert: Path) -> str:
        shutil.copy(renewed.cert, files.cert)
        return leaf(cert)

    monkeypatch.setattr(tls, "_leaf", overtaken)
    with pytest.raises(ConfigurationError, match="private key of the certificate"):
        gateway.reload()
    async with open_socket(gateway, former) as socket:
        await Client(socket).register()


async def test_our_own_tools_trust_that_certificate_and_no_other(
    start_gateway: StartGateway, files: Files, tmp_path: Path
) -> None:
    gateway = await start_gateway(tls_cert=files.cert, tls_key=files.key)
    async with open_socket(gateway, pinned(files)) as socket:
        await Client(socket).register()
    with pytest.raises(ssl.SSLCertVerificationError):
        await open_socket(gateway, pinned(make_certificate(tmp_path, "another")))


async def test_who_begins_tls_and_stops_is_let_go_of(start_gateway: StartGateway, files: Files) -> None:
    gateway = await start_gateway(tls_cert=files.cert, tls_key=files.key, handshake_timeout=0.2)
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(b"\x16\x03\x01")
    async with asyncio.timeout(90):
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
    writer.close()
    assert not gateway.hub.connections
