"""One fleet for the tests that leave it as they found it."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Browser

from tests.browser import running_browser
from tests.e2e.fleet import Fleet, running_fleet


@pytest.fixture(scope="module")
def shared_fleet() -> Iterator[Fleet]:
    """Started once for the tests of a module; use :func:`fleet`."""
    with running_fleet() as fleet:
        yield fleet


@pytest.fixture
def fleet(shared_fleet: Fleet, request: pytest.FixtureRequest) -> Iterator[Fleet]:
    """The fleet, ready again after whatever the test before did to it; its log is shown where a test fails."""
    shared_fleet.wait_until_ready()
    already_logged = len(shared_fleet.log)
    yield shared_fleet
    sys.stdout.write(shared_fleet.log[already_logged:])


@pytest.fixture
def own_fleet() -> Iterator[Fleet]:
    """A fleet to end."""
    with running_fleet() as fleet:
        yield fleet
        sys.stdout.write(fleet.log)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A headless Chromium."""
    async with running_browser() as chromium:
        yield chromium
