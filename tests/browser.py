"""The system's Chromium, driven by Playwright: browsers are never downloaded."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, async_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")


def require_chromium() -> str:
    """Return Chromium's path (or ``WASLA_TEST_CHROMIUM``), or skip the test; in CI a missing one is a failure."""
    found = os.environ.get("WASLA_TEST_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        missing = "expected Chromium on PATH: apt-get install chromium"
        pytest.fail(missing) if os.environ.get("CI") == "true" else pytest.skip(missing)
    return found


@asynccontextmanager
async def running_browser() -> AsyncIterator[Browser]:
    """A headless browser for the length of the block; each test opens pages in contexts of its own."""
    executable = require_chromium()
    sandbox = [] if os.geteuid() else ["--no-sandbox"]  # Chromium refuses its sandbox to root
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=sandbox)
        try:
            yield browser
        finally:
            await browser.close()
