"""Who may look at the status page: by the right name, and beyond this machine with the key."""

from __future__ import annotations

import asyncio
import shutil
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog
from aiohttp import ClientSession, TCPConnector, encode_basic_auth
from structlog.testing import capture_logs

from services.monitor.door import Door, presented_key
from services.monitor.metrics import MonitorMetrics
from services.monitor.service import _reload, observe
from services.monitor.settings import MonitorSettings
from services.monitor.web import serving
from shared.access.audit import MAX_LINES_PER_SECOND
from shared.access.client_key import write_client_key
from shared.access.own_tools import introduction
from shared.access.tls import certificate
from shared.access.visitors import SiteRates
from shared.errors import ConfigurationError
from tests.certificates import make_certificate

KEY = "k" * 40


@asynccontextmanager
async def page(port: int, context: ssl.SSLContext | None = None, **settings: Any) -> AsyncIterator[ClientSession]:
    """Serve the page by these settings, for whom they let in, on this machine."""
    made = MonitorSettings(**settings)
    scheme = "http" if context is None else "https"
    connector = TCPConnector(ssl=True if context is None else context)
    async with (
        serving(observe(made), host="127.0.0.1", port=port, door=Door(made).middleware, certificate=certificate(made)),
        ClientSession(f"{scheme}://127.0.0.1:{port}", connector=connector) as session,
    ):
        yield session


async def status(session: ClientSession, path: str = "/status.json", method: str = "GET", **headers: str) -> int:
    async with session.request(method, path, headers=headers) as answer:
        return answer.status


async def test_this_machine_needs_no_key(free_port: int) -> None:
    async with page(free_port, client_key=KEY) as session:
        assert await status(session) == 200


async def test_a_name_that_is_not_ours_is_refused_with_what_to_set(free_port: int) -> None:
    async with page(free_port, allowed_hosts="till.example") as session:
        for host in ("evil.example", f"evil.example:{free_port}", "localhost.evil.example", "10.9.8.7", ""):
            async with session.get("/status.json", headers={"Host": host}) as answer:
                assert answer.status == 403
                assert "WASLA_ALLOWED_HOSTS" in await answer.text()
                assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        for host in ("localhost:1", f"127.0.0.1:{free_port}", "[::1]", "till.example:8766"):
            assert await status(session, Host=host) == 200
        assert await status(session, "/healthz", Host="evil.example") == 200


async def test_beyond_this_machine_the_key_is_asked_for(free_port: int) -> None:
    async with page(free_port, status_host="0.0.0.0", client_key=KEY) as session:
        for path in ("/", "/status.json", "/metrics", "/readyz", "/assets/theme.css", "/nothing"):
            assert await status(session, path) == 401
        async with session.get("/") as answer:
            assert answer.headers["WWW-Authenticate"].startswith("Basic realm=")
        assert await status(session, Authorization=encode_basic_auth("anybody", KEY)) == 200
        assert await status(session, Authorization=f"Bearer {KEY}") == 200
        assert await status(session, **introduction(MonitorSettings(client_key=KEY)).headers) == 200
        for wrong in (
            encode_basic_auth(KEY, "wrong"),
            f"Bearer {KEY}x",
            "Bearer",
            "Basic !",
            "Basic é",
            f"Digest {KEY}",
            KEY,
        ):
            assert await status(session, Authorization=wrong) == 401
        assert await status(session, "/healthz") == 200


async def test_a_new_key_is_in_force_when_it_was_read_again(tmp_path: Path) -> None:
    path = tmp_path / "client.key"
    write_client_key(path)
    entrance = Door(MonitorSettings(status_host="0.0.0.0", client_key_file=path))
    path.unlink()
    with pytest.raises(ConfigurationError):
        entrance.reload()
    write_client_key(path)
    entrance.reload()
    assert entrance._key is not None
    assert entrance._key.is_same(path.read_text().strip())


async def test_who_knocks_without_end_fills_no_disk(free_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.monitor.door.time.monotonic", lambda: 1000.0)
    structlog.reset_defaults()
    with capture_logs() as logs:
        async with page(free_port, status_host="0.0.0.0", client_key=KEY) as session:
            for _ in range(MAX_LINES_PER_SECOND):
                assert await status(session, Host="evil.example") == 403
                assert await status(session, Authorization="Bearer wrong") == 401
    assert sum(line["event"] == "access refused" for line in logs) == MAX_LINES_PER_SECOND


async def test_a_new_key_is_read_whatever_is_wrong_with_the_certificate(tmp_path: Path) -> None:
    files, path = make_certificate(tmp_path), tmp_path / "client.key"
    write_client_key(path)
    settings = MonitorSettings(status_host="0.0.0.0", client_key_file=path, tls_cert=files.cert, tls_key=files.key)
    entrance, tls = Door(settings), certificate(settings)
    write_client_key(path, replace=True)
    files.cert.write_text("broken")
    with pytest.raises(ConfigurationError, match="WASLA_TLS_CERT"):
        _reload(tls, entrance)
    assert entrance._key is not None
    assert entrance._key.is_same(path.read_text().strip())


@pytest.mark.parametrize(("first", "second"), [("ec", "rsa"), ("rsa", "ec")])
async def test_a_renewed_certificate_is_shown(free_port: int, tmp_path: Path, first: str, second: str) -> None:
    files, renewed = make_certificate(tmp_path, kind=first), make_certificate(tmp_path, "renewed", kind=second)
    settings = MonitorSettings(tls_cert=files.cert, tls_key=files.key)
    shown = certificate(settings)
    assert shown is not None
    context = ssl.create_default_context(cafile=str(renewed.cert))
    async with serving(observe(settings), host="127.0.0.1", port=free_port, certificate=shown):
        shutil.copy(renewed.cert, files.cert)
        shutil.copy(renewed.key, files.key)
        shown.reload()
        async with ClientSession(f"https://127.0.0.1:{free_port}", connector=TCPConnector(ssl=context)) as session:
            assert await status(session) == 200


async def test_where_anonymous_is_allowed_nobody_is_asked(free_port: int) -> None:
    async with page(free_port, status_host="0.0.0.0", allow_anonymous=True, client_key=KEY) as session:
        assert await status(session) == 200


async def test_a_page_of_another_site_changes_nothing(free_port: int) -> None:
    async with page(free_port) as session:
        assert await status(session, method="POST", Origin="https://evil.example") == 403
        assert await status(session, method="POST", Origin="null") == 403
        assert await status(session, method="POST", Origin=f"http://127.0.0.1:{free_port}") == 405
        assert await status(session, method="POST") == 405


def test_a_whole_station_may_open_its_pages_at_once() -> None:
    rates = Door(MonitorSettings())._rates
    assert all(rates.takes(1, 0.0) for _ in range(6 * 100))


@pytest.mark.parametrize("path", ["/status.json", "/healthz", "/nothing"])
async def test_an_address_that_asks_without_end_is_told_when_to_ask_again(free_port: int, path: str) -> None:
    made, metrics = MonitorSettings(unlimited_addresses="none", trusted_proxies="127.0.0.1"), MonitorMetrics()
    entrance = Door(made, metrics.limits_reached)
    entrance._rates = SiteRates(rate=0.001, burst=3)  # which does not drain while this test lasts
    with capture_logs() as lines:
        async with (
            serving(observe(made), host="127.0.0.1", port=free_port, door=entrance.middleware),
            ClientSession(f"http://127.0.0.1:{free_port}") as session,
        ):
            for number in range(3, 6):
                who = {"X-Forwarded-For": f"6.6.6.6, 203.0.113.{number}"}
                for _ in range(3):
                    assert await status(session, path, **who) != 429
            async with session.get(path, headers=who) as answer:
                assert answer.status == 429
                assert 500 < int(answer.headers["Retry-After"]) <= 1000
                assert "too many requests come from your address" in await answer.text()
    refused = [(line["remote"], line["what"], line["why"]) for line in lines if line["event"] == "access refused"]
    assert refused == [("203.0.113.5", "status page", "request_rate")]
    assert metrics.registry.get_sample_value("wasla_limits_reached_total", {"reason": "request_rate"}) == 1


@pytest.mark.parametrize(
    "said", [b"", b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n", b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"]
)
async def test_who_does_not_finish_a_request_is_hung_up_on(
    free_port: int, said: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.monitor.web.IDLE_TIMEOUT", 0.1)
    async with serving(observe(MonitorSettings()), host="127.0.0.1", port=free_port):
        reader, writer = await asyncio.open_connection("127.0.0.1", free_port)
        writer.write(said)
        await asyncio.wait_for(reader.read(), 90)  # which ends
        writer.close()
        await writer.wait_closed()


async def test_this_machine_may_ask_without_end(free_port: int) -> None:
    made = MonitorSettings()
    entrance = Door(made)
    entrance._rates = SiteRates(rate=0.001, burst=3)
    async with (
        serving(observe(made), host="127.0.0.1", port=free_port, door=entrance.middleware),
        ClientSession(f"http://127.0.0.1:{free_port}") as session,
    ):
        assert {await status(session) for _ in range(10)} == {200}


async def test_by_tls(free_port: int, tmp_path: Path) -> None:
    files = make_certificate(tmp_path)
    context = ssl.create_default_context(cafile=str(files.cert))
    async with page(free_port, context, tls_cert=files.cert, tls_key=files.key) as session:
        assert await status(session) == 200


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("", None),
        ("Bearer x", "x"),
        ("bearer  x ", "x"),
        (encode_basic_auth("u", "p:q"), "p:q"),
        (encode_basic_auth("", "ü", "utf-8"), "ü"),
        ("Basic eA==", None),
        ("Basic é", None),
        ("Basic \udcff", None),
    ],
)
def test_where_the_key_is_in_the_header(header: str | None, expected: str | None) -> None:
    assert presented_key(header) == expected
