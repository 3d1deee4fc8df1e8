"""What browsers load from the monitor's port: of the right type, of one version, and nothing else of this machine."""

from __future__ import annotations

import asyncio
import http.client
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from services.monitor.files import folder_routes
from services.monitor.service import observe
from services.monitor.settings import MonitorSettings
from services.monitor.web import make_app

Client = TestClient[web.Request, web.Application]
ROOT = Path(__file__).resolve().parents[3]
ASSETS = ROOT / "services" / "monitor" / "assets"
CLIENT = ROOT / "clients" / "javascript" / "src"


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with TestClient(TestServer(make_app(observe(MonitorSettings.load())))) as client:
        yield client


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/assets/theme.css", "text/css; charset=utf-8"),
        ("/assets/words.js", "text/javascript; charset=utf-8"),
        ("/assets/status/icon-good.svg", "image/svg+xml"),
        ("/assets/vendor/uplot/uPlot.esm.js", "text/javascript; charset=utf-8"),
        ("/client/index.js", "text/javascript; charset=utf-8"),
    ],
)
async def test_each_file_has_its_type_and_the_policy(path: str, content_type: str, client: Client) -> None:
    async with client.get(path) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"] == content_type
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"] == (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
            "connect-src 'self' ws://127.0.0.1:8765 wss://127.0.0.1:8765; "
            "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
        )


@pytest.mark.parametrize("path", ["/", "/station", "/missing"])
async def test_a_page_may_reach_the_gateways_of_its_own_host_only(path: str, client: Client) -> None:
    async with client.get(path, headers={"Host": "station.example:8766"}) as answer:
        of_its_host = "connect-src 'self' ws://station.example:8765 wss://station.example:8765;"
        assert of_its_host in answer.headers["Content-Security-Policy"]


async def test_every_script_of_the_client_is_served_as_it_is(client: Client) -> None:
    scripts = sorted(CLIENT.rglob("*.js"))
    assert scripts
    for script in scripts:
        async with client.get(f"/client/{script.relative_to(CLIENT).as_posix()}") as answer:
            assert await answer.read() == script.read_bytes()


async def test_what_a_browser_has_is_not_sent_again(client: Client) -> None:
    async with client.get("/assets/theme.css") as answer:
        assert answer.headers["Cache-Control"] == "no-cache"
        tag = answer.headers["ETag"]
    async with client.get("/assets/theme.css", headers={"If-None-Match": tag}) as answer:
        assert (answer.status, await answer.read()) == (304, b"")
    async with client.get("/assets/theme.css", headers={"If-None-Match": '"another"'}) as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/assets/../web.py",
        "/assets/..%2fweb.py",
        "/assets/%2e%2e/web.py",
        "/assets/status/../../web.py",
        "/assets//etc/passwd",
        "/assets/%2fetc%2fpasswd",
        "/client/../package.json",
        "/client/..%2fpackage.json",
        "/client/%2e%2e%2f%2e%2e%2f%2e%2e%2fpyproject.toml",
        "/assets/theme.css%00.js",
        "/assets/",
        "/client/",
    ],
)
async def test_no_path_leads_out_of_the_folders(path: str, client: Client) -> None:
    """Asked byte by byte: an HTTP client would tidy the path up."""
    host, port = client.server.host, client.server.port
    status = await _ask(str(host), int(port or 0), path)
    assert status in {400, 404}


async def test_only_named_types_inside_the_folder_are_read(tmp_path: Path) -> None:
    outside, folder = tmp_path / "outside.js", tmp_path / "folder"
    (folder / "deep").mkdir(parents=True)
    outside.write_text("secret")
    (folder / "a.js").write_text("a")
    (folder / "deep" / "b.css").write_text("b")
    (folder / "notes.txt").write_text("not served")
    (folder / "link.js").symlink_to(outside)
    assert [route.path for route in folder_routes("/x", folder)] == ["/x/a.js", "/x/deep/b.css"]
    assert list(folder_routes("/x", tmp_path / "missing")) == []


async def test_third_parties_come_with_their_licence() -> None:
    assert "MIT License" in (ASSETS / "vendor" / "uplot" / "LICENSE").read_text(encoding="utf-8")


async def _ask(host: str, port: int, path: str) -> int:
    def ask() -> int:
        connection = http.client.HTTPConnection(host, port, timeout=30)
        try:
            connection.putrequest("GET", path, skip_host=False)
            connection.endheaders()
            return connection.getresponse().status
        finally:
            connection.close()

    return await asyncio.to_thread(ask)
