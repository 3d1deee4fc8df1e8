"""What the page says where there is no station to show."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Page

from services.monitor.service import observe
from services.monitor.settings import MonitorSettings
from services.monitor.web import serving
from tests.databases import Contents, fresh_database
from tests.ports import free_ports
from tests.servers import ServerPool

pytestmark = pytest.mark.timeout(300)


@asynccontextmanager
async def page_without_gateways(browser: Browser, port: int) -> AsyncIterator[Page]:
    async with serving(observe(MonitorSettings.load()), host="127.0.0.1", port=port):
        page = await browser.new_page(locale="fr-FR")
        await page.goto(f"http://127.0.0.1:{port}/station")
        yield page
        await page.close()


async def test_a_station_that_is_switched_off(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WASLA_STATION_DEMO", "0")
    async with page_without_gateways(browser, free_ports(1)) as page:
        await page.wait_for_selector("#trouble:not([hidden])")
        assert "WASLA_STATION_DEMO=1" in await page.inner_text("#trouble")
        assert not await page.is_visible("#counter")


@pytest.mark.parametrize("contents", ["installed", "station"])
async def test_a_database_without_and_with_its_tables(
    browser: Browser,
    servers: ServerPool,
    monkeypatch: pytest.MonkeyPatch,
    contents: Contents,
) -> None:
    """No gateway answers here: the rows are shown all the same."""
    async with fresh_database(servers.get(18), contents) as url:
        monkeypatch.setenv("WASLA_STATION_DEMO", "1")
        monkeypatch.setenv("WASLA_DATABASE_URL", url)
        port = free_ports(2)
        monkeypatch.setenv("WASLA_PORT", str(port + 1))
        async with page_without_gateways(browser, port) as page:
            if contents == "installed":
                await page.wait_for_selector("#trouble:not([hidden])")
                assert "wasla setup --station" in await page.inner_text("#trouble")
            else:
                await page.wait_for_selector('.vehicle[data-key="queue-1"]')
                assert await page.inner_text("#counter .link") == "connexion…"
