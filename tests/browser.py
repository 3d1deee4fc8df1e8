"""The system's Chromium, driven by Playwright: browsers are never downloaded."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, BrowserContext, async_playwright

from tests.supervised import DEADLINE

NAMES = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = DEADLINE * 1000
"""Milliseconds that anything in a browser may take: Playwright's half a minute is little for a busy machine."""


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
        browser = await playwright.chromium.launch(executable_path=executable, args=sandbox, timeout=PATIENCE)
        browser.on("context", _be_patient)
        try:
            yield browser
        finally:
            await browser.close()


def _be_patient(context: BrowserContext) -> None:
    """Let everything in a new context, and on all of its pages, take its time."""
    context.set_default_timeout(PATIENCE)
