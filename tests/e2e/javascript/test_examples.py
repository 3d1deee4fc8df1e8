"""The examples that come with the client run as its README says."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, expect

from tests.e2e.fleet import Fleet
from tests.e2e.javascript.conftest import PACKAGE
from tests.e2e.sales import sell
from tests.supervised import DEADLINE

pytestmark = pytest.mark.timeout(300)


async def test_follow_in_node(fleet: Fleet) -> None:
    node = Path(sys.executable).with_name("node")
    program = await asyncio.create_subprocess_exec(
        node, PACKAGE / "examples" / "follow.js", fleet.gateway_url, "bookings", stdout=PIPE, process_group=0
    )
    assert program.stdout is not None
    try:
        async with asyncio.timeout(DEADLINE):
            assert (await program.stdout.readline()).startswith(b"connected to ")
            (sold,) = await sell(fleet.database_url, 1)
            line = (await program.stdout.readline()).decode().split()
    finally:
        os.killpg(program.pid, signal.SIGKILL)
        await program.wait()
    assert line[1:] == ["INSERT", "bookings", sold, "BOOKING_CREATED"]


async def test_the_board_in_a_page(fleet: Fleet, context: BrowserContext, site: str) -> None:
    page = await context.new_page()
    await page.goto(f"{site}package/examples/board.html?{fleet.gateway_url}")
    await expect(page.get_by_role("status")).to_have_text("connected, database up", timeout=DEADLINE * 1000)
    (sold,) = await sell(fleet.database_url, 1)
    newest = page.get_by_role("listitem").first
    await expect(newest).to_have_text(f"BOOKING_CREATED · bookings · {sold}", timeout=DEADLINE * 1000)
