"""The station where the gateways ask for a key: it says so, and takes one."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Browser, WebSocket

from tests.e2e.fleet import running_fleet
from tests.e2e.javascript.posts import keep
from tests.e2e.station.station_page import StationPage
from tests.supervised import DEADLINE

pytestmark = pytest.mark.timeout(400)

KEY = "k" * 40


async def test_posts_that_are_refused_ask_for_the_key(browser: Browser) -> None:
    """What is in the tables is shown all the same; a wrong key is refused again, the right one is kept for the tab."""
    with running_fleet(WASLA_CLIENT_KEY=KEY) as fleet:
        context = await browser.new_context(locale="fr-FR")
        try:
            station = StationPage(await context.new_page())
            page = station.page
            links: list[WebSocket] = []
            keep(page, "websocket", links)
            await station.open(f"{fleet.status_url}/station")
            await page.wait_for_selector("#access:not([hidden])")
            await refused(station, links, 2)
            assert "demandent une clé (4501)" in await station.text("#access")
            await page.fill("#access-key", "wrong")
            await page.keyboard.press("Enter")
            await refused(station, links, 4)
            assert await page.is_visible("#access")
            await page.fill("#access-key", KEY)
            await page.keyboard.press("Enter")
            await page.wait_for_selector("#access", state="hidden")
            await station.linked()
            await station.sell("station-jemmal")
            await station.told("counter", "1 place pour Jemmal")
            await page.wait_for_selector("#journal li")
            await station.open(f"{fleet.status_url}/station")
            await station.linked()
            assert not await page.is_visible("#access")
            assert station.errors == []
        finally:
            await context.close()


async def refused(station: StationPage, links: list[WebSocket], count: int) -> None:
    """Wait until so many links were made in all and ended, and both posts say that they are refused.

    A post that still tries takes no other key.
    """
    async with asyncio.timeout(DEADLINE):
        while len(links) < count or not all(link.is_closed() for link in links):  # noqa: ASYNC110 - others' events
            await asyncio.sleep(0.02)
    for post in ("counter", "queue"):
        await station.page.wait_for_selector(f'#{post} .link[data-tone="bad"]')
        assert await station.text(f"#{post} .link") == "refusé"
