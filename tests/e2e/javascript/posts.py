"""A page with a client of its own, and the cable between it and a gateway."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from playwright.async_api import BrowserContext, Page, WebSocket

from tests.oracle.proxies import Proxy
from tests.ports import free_ports
from tests.supervised import DEADLINE

START = """
async (options) => {
  const { WaslaClient } = await import("/client/index.js");
  const ids = JSON.parse(localStorage.getItem("ids") ?? "[]");
  const client = new WaslaClient(options);
  Object.assign(window, { client, ids, gateways: [], resyncs: [], problems: [] });
  client.on("connected", ({ gateway, resumed }) => gateways.push([gateway, resumed]));
  client.on("resync", (resync) => resyncs.push(resync));
  client.on("error", ({ code, reason }) => problems.push([code, reason]));
  client.subscribe({ table: "bookings", events: ["INSERT"] }, ({ id }) => {
    ids.push(id);
    localStorage.setItem("ids", JSON.stringify(ids));
  });
  await client.connect();
}
"""
"""Starts a client that writes down each booking's id, where a reload does not lose it."""


@dataclass(slots=True)
class Post:
    """One page; ``links`` are all the WebSockets it ever opened."""

    page: Page
    options: dict[str, Any]
    links: list[WebSocket] = field(default_factory=list)

    async def start(self) -> None:
        """Start the page's client, and wait until it is connected."""
        await self.page.evaluate(START, self.options)

    async def ids(self) -> list[str]:
        """Return the bookings it was told of, in the order in which it was."""
        ids: list[str] = await self.page.evaluate("ids")
        return ids

    async def gateway(self) -> str:
        """Return the gateway it is or was connected to last, by supervisord's name."""
        name: str = await self.page.evaluate("gateways.at(-1)[0]")
        return name.rpartition("/")[2]

    async def has_told(self, condition: str) -> None:
        """Wait until a JavaScript expression holds in the page."""
        # Asked from outside, because the page's own timers may stand still.
        async with asyncio.timeout(DEADLINE):
            while not await self.page.evaluate(condition):  # noqa: ASYNC110 - the page has no event of ours to await
                await asyncio.sleep(0.05)

    async def has_all(self, committed: list[str]) -> None:
        """Wait until it was told of the last booking; it was then told of each once, in commit order."""
        await self.has_told(f"ids.includes({committed[-1]!r})")
        wanted = set(committed)
        ids = await self.ids()
        assert [number for number in ids if number in wanted] == committed
        assert len(ids) == len(set(ids))
        assert await self.page.evaluate("resyncs") == []


async def open_post(context: BrowserContext, site: str, **options: Any) -> Post:
    """Open a page and start its client with these options."""
    page = await context.new_page()
    post = Post(page, {"appName": "Guichet 1", **options})
    keep(page, "websocket", post.links)
    await page.goto(site)
    await post.start()
    return post


def keep(page: Page, kind: Literal["websocket", "console"], where: list[Any]) -> None:
    """Collect what the page opens or says."""

    def take(thing: Any) -> None:
        where.append(thing)  # the driver cannot call a builtin's method

    page.on(kind, take)


@asynccontextmanager
async def relayed(gateway_port: int) -> AsyncIterator[Proxy]:
    """A cable to a gateway that can be cut and go deaf."""
    proxy = Proxy(free_ports(1), gateway_port)
    await proxy.start()
    try:
        yield proxy
    finally:
        await proxy.close()


def address(proxy: Proxy) -> str:
    """Return the gateway's address by way of the cable."""
    return f"ws://127.0.0.1:{proxy.port}"
