"""Whatever happens to a page, it is told of every committed change once, in order."""

from __future__ import annotations

import asyncio
import json
import os
import signal

import pytest
from playwright.async_api import Browser, BrowserContext

from tests.e2e.fleet import Fleet
from tests.e2e.javascript.posts import START, Post, address, open_post, relayed
from tests.e2e.javascript.tabs import two_tabs
from tests.e2e.sales import sell, selling
from tests.supervised import DEADLINE

pytestmark = pytest.mark.timeout(400)

NEVER = 3600.0
"""Seconds: what waits that long does not happen in a test."""

PATIENT = {"openingTimeout": NEVER, "pingInterval": NEVER}
"""A page that leaves no link for being slow: what a slow machine takes its time for is no failure."""

OFFLINE = 60.0
"""Seconds without a network: past every heartbeat of page and gateway."""

MANY = 50


async def on_two_gateways(context: BrowserContext, site: str, url: str) -> dict[str, Post]:
    """Two pages, each at another gateway: the kernel decides who gets a connection, so it is tried often."""
    found: dict[str, Post] = {}
    async with asyncio.timeout(DEADLINE):
        while len(found) < 2:
            post = await open_post(context, site, urls=url, pace=PATIENT)
            if found.setdefault(await post.gateway(), post) is not post:
                await post.page.close()
    return found


async def test_a_sale_is_seen_on_two_pages_of_two_gateways(fleet: Fleet, context: BrowserContext, site: str) -> None:
    posts = await on_two_gateways(context, site, fleet.gateway_url)
    sold = await sell(fleet.database_url, 20)
    for post in posts.values():
        await post.has_all(sold)
        assert len(post.links) == 1


async def test_a_killed_gateway(fleet: Fleet, context: BrowserContext, site: str) -> None:
    """The page is told that the link is gone and back, and misses nothing; the other page notices nothing."""
    posts = await on_two_gateways(context, site, fleet.gateway_url)
    victim, bystander = posts["gateway:gateway-00"], posts["gateway:gateway-01"]
    await victim.page.evaluate("() => { window.told = []; client.on('status', (s) => told.push(s.connected)); }")
    async with selling(lambda: fleet.database_url) as counter:
        await counter.sold(MANY)
        os.kill(fleet.pid("gateway-00"), signal.SIGKILL)
        await counter.sold(MANY)
        await victim.has_told("gateways.length > 1")
        await counter.sold(MANY)
        committed = list(counter.committed)
    await victim.has_all(committed)
    await bystander.has_all(committed)
    told = await victim.page.evaluate("told")
    assert False in told, "other news of the link may have come before"
    assert told[-1] is True
    assert (await victim.page.evaluate("gateways"))[-1][1] is True
    assert len(bystander.links) == 1


async def test_offline_for_a_minute(fleet: Fleet, context: BrowserContext, site: str) -> None:
    """Back at once when the browser says so: the backoff of this page would never end by itself."""
    await context.add_init_script("Math.random = () => 0.999")  # the jitter's draw
    async with relayed(fleet.base_port) as cable:
        pace = {**PATIENT, "firstDelay": NEVER, "maxDelay": NEVER}
        post = await open_post(context, site, urls=address(cable), pace=pace)
        before = await sell(fleet.database_url, 3)
        await post.has_all(before)
        await context.set_offline(offline=True)  # which does not end a WebSocket that stands
        cable.refuse(True)
        cable.cut()
        await post.has_told("!client.status.connected")
        missed = await sell(fleet.database_url, 20)
        await asyncio.sleep(OFFLINE)
        missed += await sell(fleet.database_url, 20)
        assert not set(missed) & set(await post.ids())
        cable.refuse(False)
        await context.set_offline(offline=False)
        await post.has_all(before + missed)


async def test_a_link_that_died_while_the_page_slept(fleet: Fleet, context: BrowserContext, site: str) -> None:
    """The page that is seen again asks its link for a sign of life; its heartbeat would not for an hour."""
    async with relayed(fleet.base_port) as cable:
        post = await open_post(context, site, urls=address(cable), pace=PATIENT)
        cable.deafen()
        sold = await sell(fleet.database_url, 3)
        async with asyncio.timeout(DEADLINE):
            while len(post.links) == 1:
                # Again and again: what had come through the cable before may be heard after the page was seen.
                await post.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
                await asyncio.sleep(0.05)
        cable.hear()
        await post.has_all(sold)


async def test_a_tab_in_the_background(fleet: Fleet, browser: Browser, site: str) -> None:
    """It goes on hearing; frozen by the browser, and its link lost, it has all of it once it is seen again."""
    async with relayed(fleet.base_port) as cable, two_tabs(browser, site) as (tab, other):
        pace = {**PATIENT, "firstDelay": NEVER, "maxDelay": NEVER}  # nothing but being seen ends the waiting
        await tab.evaluate("Math.random = () => 0.999")
        options = {"appName": "Guichet 1", "urls": address(cable), "pace": pace}
        await tab.evaluate(f"({START})({json.dumps(options)})")
        await tab.has_told("document.visibilityState === 'hidden'")
        heard = await sell(fleet.database_url, 3)
        await tab.has_told(f"ids.at(-1) === {heard[-1]!r}")
        await tab.become("frozen")
        missed = await sell(fleet.database_url, MANY)
        cable.cut()
        missed += await sell(fleet.database_url, MANY)
        assert not await tab.evaluate(f"ids.includes({missed[-1]!r})"), "a frozen tab hears nothing"
        await tab.become("active")
        async with asyncio.timeout(DEADLINE):
            while not await tab.evaluate(f"ids.includes({missed[-1]!r})"):
                await tab.show()
                await asyncio.sleep(0.1)
                await other.show()  # and seen again: the news of the lost link may come after it was seen
        assert await tab.evaluate("ids") == heard + missed
        assert await tab.evaluate("[resyncs, problems]") == [[], []]


async def test_a_page_that_stood_still_misses_nothing(fleet: Fleet, context: BrowserContext, site: str) -> None:
    """Held while much happens, with a heartbeat that judges soon: whether it kept the link or made another."""
    post = await open_post(context, site, urls=fleet.gateway_url, pace={"pingInterval": 0.5})
    pages = await processes_of_pages(context)
    for pid in pages:
        os.kill(pid, signal.SIGSTOP)
    try:
        sold = await sell(fleet.database_url, MANY)
    finally:
        for pid in pages:
            os.kill(pid, signal.SIGCONT)
    await post.has_all(sold)
    more = await sell(fleet.database_url, 3)
    await post.has_all(sold + more)


async def processes_of_pages(context: BrowserContext) -> list[int]:
    """Return the processes that the browser's pages run in."""
    assert context.browser is not None
    session = await context.browser.new_browser_cdp_session()
    told = await session.send("SystemInfo.getProcessInfo")
    return [process["id"] for process in told["processInfo"] if process["type"] == "renderer"]


async def test_reloads_with_the_position_kept(fleet: Fleet, context: BrowserContext, site: str) -> None:
    post = await open_post(context, site, urls=fleet.gateway_url, position="session")
    async with selling(lambda: fleet.database_url) as counter:
        for _ in range(3):
            await counter.sold(MANY)
            await post.page.reload()
            await counter.sold(MANY)
            await post.start()
        await counter.sold(MANY)
        committed = list(counter.committed)
    await post.has_all(committed)
    assert await post.page.evaluate("gateways[0][1]") is True


async def test_a_loop_over_events(fleet: Fleet, context: BrowserContext, site: str) -> None:
    post = await open_post(context, site, urls=fleet.gateway_url)
    await post.page.evaluate(
        """() => {
          window.looped = [];
          const loop = async () => {
            for await (const event of client.events({ table: "bookings" })) {
              looped.push(event.id);
              if (looped.length === 3) break;
            }
            looped.push("left");
          };
          loop();
        }"""
    )
    sold = await sell(fleet.database_url, 4)
    await post.has_all(sold)
    await post.has_told("looped.at(-1) === 'left'")
    assert await post.page.evaluate("looped") == [*sold[:3], "left"]
