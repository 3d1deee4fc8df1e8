"""The status page in a real browser, over the fleet of the end-to-end tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Browser

from tests.e2e.fleet import Fleet
from tests.e2e.pages.watched_page import WatchedPage

OpenPage = Callable[..., AbstractAsyncContextManager[WatchedPage]]


@pytest.fixture
def open_page(fleet: Fleet, browser: Browser) -> OpenPage:
    """Open the status page in a context of its own, given Playwright's options of a context."""

    @asynccontextmanager
    async def opened(**options: Any) -> AsyncIterator[WatchedPage]:
        context = await browser.new_context(**{"locale": "fr-FR", **options})
        try:
            watched = WatchedPage(await context.new_page(), f"http://127.0.0.1:{fleet.base_port + 1}")
            await watched.open()
            yield watched
        finally:
            await context.close()

    return opened
