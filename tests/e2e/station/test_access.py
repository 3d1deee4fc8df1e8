"""The station where the gateways ask for a key: it says so, and takes one."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser

from tests.e2e.fleet import running_fleet
from tests.e2e.station.station_page import StationPage

pytestmark = pytest.mark.timeout(400)

KEY = "k" * 40


async def test_posts_that_are_refused_ask_for_the_key(browser: Browser) -> None:
    """What is in the tables is shown all the same; a wrong key is refused again, the right one is kept for the tab."""
    with running_fleet(WASLA_CLIENT_KEY=KEY) as fleet:
        context = await browser.new_context(locale="fr-FR")
        try:
            station = StationPage(await context.new_page())
            page = station.page
            await station.open(f"{fleet.status_url}/station")
            await page.wait_for_selector("#access:not([hidden])")
            for post in ("counter", "queue"):
                await page.wait_for_selector(f'#{post} .link[data-tone="bad"]')
                assert await station.text(f"#{post} .link") == "refusé"
            assert "demandent une clé (4501)" in await station.text("#access")
            await page.fill("#access-key", "wrong")
            async with page.expect_websocket():
                await page.keyboard.press("Enter")
            await page.wait_for_selector('#queue .link[data-tone="bad"]')
            assert await page.is_visible("#access")
            await page.fill("#access-key", KEY)
            await page.keyboard.press("Enter")
            await page.wait_for_selector("#access", state="hidden")
            await linked(station)
            await station.sell("station-jemmal")
            await station.told("counter", "1 place pour Jemmal")
            await page.wait_for_selector("#journal li")
            await station.open(f"{fleet.status_url}/station")
            await linked(station)
            assert not await page.is_visible("#access")
            assert station.errors == []
        finally:
            await context.close()


async def linked(station: StationPage) -> None:
    """Wait until both posts are."""
    for post in ("counter", "queue"):
        await station.page.wait_for_selector(f"#{post} .link[data-gateway]")
