"""What a test does and reads on the station's page."""

from __future__ import annotations

import asyncio
from typing import Any

from playwright.async_api import Page, Request

from tests.supervised import DEADLINE

PATIENCE = DEADLINE * 1000
"""Milliseconds."""

_QUEUE = """() => Object.fromEntries([...document.querySelectorAll('.vehicle')].map(
    (row) => [row.dataset.key, [row.dataset.status, Number(row.dataset.free)]]))"""
_SAME = """(expected) => {
    const rows = [...document.querySelectorAll('.vehicle')];
    const shown = rows.map(({ dataset }) => [dataset.key, dataset.status, dataset.free]);
    return JSON.stringify(shown.sort()) === JSON.stringify(expected);
}"""

_SAYS = """([place, word]) =>
    document.querySelector(place).textContent.replaceAll('\\u00a0', ' ').includes(word)"""


class StationPage:
    """One open page; errors of its scripts are kept, a refused sale (HTTP 409) is none, and what it asked for."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.errors: list[str] = []
        self.requests: list[str] = []
        self._reading: set[Request] = set()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", self._begun)
        page.on("websocket", lambda socket: self.requests.append(socket.url))
        page.on("requestfinished", self._ended)
        page.on("requestfailed", self._ended)
        page.set_default_timeout(PATIENCE)

    async def open(self, url: str) -> None:
        """Open it and wait until both posts have their rows."""
        await self.page.goto(url)
        await self.page.wait_for_selector("body[data-loaded]")

    async def linked(self) -> None:
        """Wait until both posts are linked and have read their rows since: what happens from now on is told to them.

        A link that takes long is not waited for with the first reading; what is in the second one is not told again.
        """
        for post in ("counter", "queue"):
            await self.page.wait_for_selector(f"#{post} .link[data-gateway]")
        async with asyncio.timeout(DEADLINE):
            while self._reading:  # noqa: ASYNC110 - the page shows nothing of it
                await asyncio.sleep(0.01)
        await self.page.evaluate("() => new Promise(requestAnimationFrame)")  # what was read is taken

    async def sell(self, destination: str) -> None:
        """Sell at the counter."""
        await self.page.click(f'.destination[data-key="{destination}"]')

    async def told(self, post: str, *words: str) -> str:
        """Wait until a post says all of these words; return what it says."""
        for word in words:
            await self.says(f"#{post} .told", word)
        return await self.text(f"#{post} .told")

    async def says(self, selector: str, word: str) -> None:
        """Wait until an element says this."""
        await self.page.wait_for_function(_SAYS, arg=[selector, word])

    async def shows(self, queue_id: str, status: str, free: int) -> None:
        """Wait until the board shows a vehicle so."""
        await self.page.wait_for_selector(
            f'.vehicle[data-key="{queue_id}"][data-status="{status}"][data-free="{free}"]'
        )

    async def queue(self) -> dict[str, Any]:
        """Return what the board shows: status and free seats by vehicle."""
        found: dict[str, Any] = await self.page.evaluate(_QUEUE)
        return found

    async def shows_exactly(self, rows: list[tuple[str, str, int]]) -> None:
        """Wait until the board shows these vehicles and no others."""
        await self.page.wait_for_function(_SAME, arg=sorted([key, status, str(free)] for key, status, free in rows))

    def _begun(self, request: Request) -> None:
        self.requests.append(request.url)
        if request.url.endswith("/station/api/state"):
            self._reading.add(request)

    def _ended(self, request: Request) -> None:
        self._reading.discard(request)

    async def text(self, selector: str) -> str:
        """Return a text, its spaces as plain ones."""
        return " ".join((await self.page.inner_text(selector)).split())
