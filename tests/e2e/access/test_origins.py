"""Pages of other sites in a real browser: what they try on this machine's ports."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.another_site import another_site
from tests.e2e.fleet import Fleet

pytestmark = pytest.mark.timeout(400)

REGISTER = Path(__file__).with_name("page.js").read_text()


@pytest.fixture
async def elsewhere() -> AsyncIterator[str]:
    """The address of another site's page."""
    async with another_site() as url:
        yield url


async def test_a_page_of_another_site_cannot_connect(fleet: Fleet, browser: Browser, elsewhere: str) -> None:
    page = await browser.new_page()
    await page.goto(elsewhere)
    for url in (fleet.gateway_url, f"ws://localhost:{fleet.base_port}", f"ws://evil.localhost:{fleet.base_port}"):
        assert await page.evaluate(REGISTER, {"url": url, "token": None}) == {"heard": [], "code": 4502}
    await asyncio.to_thread(fleet.wait_for, "refusals are logged", lambda: fleet.log.count("evil.localhost") >= 3)
    await page.close()


async def test_our_own_page_connects(fleet: Fleet, browser: Browser) -> None:
    page = await browser.new_page()
    await page.goto(fleet.status_url)
    opened = await page.evaluate(REGISTER, {"url": fleet.gateway_url, "token": None})
    assert opened == {"heard": ["registered"], "code": None}
    await page.close()


async def test_a_name_that_others_let_point_here_shows_no_status(fleet: Fleet, browser: Browser) -> None:
    page = await browser.new_page()
    answer = await page.goto(f"http://evil.localhost:{fleet.base_port + 1}/status.json")
    assert answer is not None
    assert answer.status == 403
    await page.close()


async def test_a_page_of_another_site_reads_no_status(fleet: Fleet, browser: Browser, elsewhere: str) -> None:
    page = await browser.new_page()
    await page.goto(elsewhere)
    read = "url => fetch(url).then(answer => answer.text(), error => error.name)"
    assert await page.evaluate(read, f"{fleet.status_url}/status.json") == "TypeError"
    await page.close()
