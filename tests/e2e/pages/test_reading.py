"""Everybody can read the status page: on a phone, in the dark, by keyboard, by ear, in both languages."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe

from tests.e2e.fleet import Fleet
from tests.e2e.pages.conftest import OpenPage
from tests.e2e.pages.watched_page import WatchedPage
from tests.e2e.sales import sell

pytestmark = pytest.mark.timeout(300)

TALL = {"width": 1280, "height": 2600}
"""All of the page in sight: what is out of sight is not drawn, and not judged."""
LANGUAGES = {"fr": "fr-FR", "en": "en-GB"}


async def violations(watched: WatchedPage) -> list[str]:
    """Return what axe finds, each with the elements it finds it at."""
    found: dict[str, Any] = (await Axe().run(watched.page)).response
    return [
        f"{rule['impact']} {rule['id']}: {[node['target'] for node in rule['nodes']]}" for rule in found["violations"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", LANGUAGES)
async def test_nothing_stands_in_the_way_of_a_screen_reader(
    language: str, scheme: str, fleet: Fleet, open_page: OpenPage
) -> None:
    options = {"locale": LANGUAGES[language], "color_scheme": scheme, "bypass_csp": True, "viewport": TALL}
    async with open_page(**options) as watched:
        await sell(fleet.database_url, 3)
        await watched.received(3)
        assert await watched.figures("() => document.documentElement.lang") == language
        assert await violations(watched) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_nor_when_it_is_red(scheme: str, fleet: Fleet, open_page: OpenPage) -> None:
    async with open_page(color_scheme=scheme, bypass_csp=True) as watched:
        pid = fleet.pid("monitor")
        os.kill(pid, signal.SIGSTOP)
        try:
            await watched.until(database="bad", websocket="warn", verdict="bad")
            assert await violations(watched) == []
        finally:
            os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_phone_shows_all_of_it_without_scrolling_sideways(
    language: str, fleet: Fleet, open_page: OpenPage
) -> None:
    async with open_page(locale=LANGUAGES[language], viewport={"width": 390, "height": 844}) as watched:
        await sell(fleet.database_url, 3)
        await watched.received(3)
        assert await watched.figures("() => document.documentElement.scrollWidth") == 390
        clipped = await watched.figures(
            """() => [...document.querySelectorAll("h1, h2, .sentence, .figure, dd, button, select, .badge")]
                 .filter((element) => !element.closest(".table") && element.offsetParent !== null
                   && (element.getBoundingClientRect().right > innerWidth || element.getBoundingClientRect().left < 0))
                 .map((element) => element.textContent)"""
        )
        assert clipped == []
        spilling = await watched.figures(
            """() => [...document.querySelectorAll(".table:has(> .legend)")]
                 .filter((frame) => frame.scrollWidth > frame.clientWidth).map((frame) => frame.textContent)"""
        )
        assert spilling == []


async def test_the_keyboard_reaches_everything(fleet: Fleet, open_page: OpenPage) -> None:
    async with open_page() as watched:
        await sell(fleet.database_url, 1)
        await watched.received(1)
        reached = []
        for _ in range(25):
            await watched.page.keyboard.press("Tab")
            reached.append(
                await watched.figures(
                    """() => {
                      const at = document.activeElement;
                      return at.id || at.name || at.dataset.part || at.getAttribute("href") || at.textContent;
                    }"""
                )
            )
        wanted = ["#content", "/", "/station", "theme", "language", "table", "event", "text", "pause", "clear"]
        assert [name for name in reached if name in wanted][: len(wanted)] == wanted


async def test_language_and_appearance_are_chosen_and_kept(open_page: OpenPage) -> None:
    async with open_page(color_scheme="light") as watched:
        page = watched.page
        ground = "() => getComputedStyle(document.body).backgroundColor"
        light = await watched.figures(ground)
        await page.click("#theme")
        await page.click("#language")
        assert await watched.text("#feed-title") == "Live events"
        await watched.says("#verdict .sentence", "Everything is delivered")
        dark = await watched.figures(ground)
        assert dark != light
        await watched.open()
        assert await watched.figures(ground) == dark
        assert await watched.text("#feed-title") == "Live events"
        assert watched.complaints == []


async def test_without_scripts_it_says_where_to_look(open_page: OpenPage, fleet: Fleet) -> None:
    async with open_page() as watched:
        context = await watched.page.context.browser.new_context(java_script_enabled=False)  # type: ignore[union-attr]
        try:
            page = await context.new_page()
            await page.goto(watched.url)
            assert "status.json" in await page.inner_text("noscript")
            assert await page.locator("noscript a").count() == 3
            assert not await page.is_visible("#verdict"), "what would never be filled in is not shown"
        finally:
            await context.close()


async def test_what_changes_is_announced_and_what_ticks_is_not(fleet: Fleet, open_page: OpenPage) -> None:
    async with open_page() as watched:
        await watched.watch_announcements()
        pid = fleet.pid("monitor")
        os.kill(pid, signal.SIGSTOP)
        try:
            announced = await watched.announced("DB : N'est plus mesuré")
        finally:
            os.kill(pid, signal.SIGCONT)
        assert not any(character.isdigit() for text in announced for character in text), "ages are not announced"
