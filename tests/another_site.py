"""The page of another site, whose owner lets its name point to this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web


@asynccontextmanager
async def another_site() -> AsyncIterator[str]:
    """Serve it for the length of the block, under an address that a browser takes for one of this machine's."""

    async def page(_request: web.Request) -> web.Response:
        return web.Response(text="<!doctype html><title>elsewhere</title>", content_type="text/html")

    app = web.Application()
    app.add_routes([web.get("/", page)])
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://evil.localhost:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()
