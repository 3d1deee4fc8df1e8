"""A page that may load the JavaScript client, and what the tests ask of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from playwright.async_api import Browser, BrowserContext

PACKAGE = Path(__file__).resolve().parents[3] / "clients" / "javascript"

_HEADERS = {"Content-Security-Policy": "default-src 'none'; img-src data:; script-src 'self'; connect-src ws: wss:"}


async def _blank(_request: web.Request) -> web.Response:
    page = "<!doctype html><html lang=en><title>A post</title><link rel=icon href=data:,>"
    return web.Response(text=page, content_type="text/html", headers=_HEADERS)


@pytest.fixture
async def site() -> AsyncIterator[str]:
    """An empty page's address; its origin serves the client under ``/client/``, the package under ``/package/``."""
    app = web.Application()
    app.add_routes([web.get("/", _blank), web.static("/client", PACKAGE / "src"), web.static("/package", PACKAGE)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A browser profile of the test's own."""
    async with await browser.new_context() as fresh:
        yield fresh
