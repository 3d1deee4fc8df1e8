"""One status page in the browser: what it shows, and what went wrong in it."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Page

from tests.supervised import DEADLINE

WATCH = """
window.seen = {database: [], websocket: [], realtime: []};
for (const name of Object.keys(seen)) {
  const card = document.getElementById(`indicator-${name}`);
  const note = () => seen[name].push(card.dataset.tone);
  new MutationObserver(note).observe(card, {attributeFilter: ["data-tone"]});
  note();
}
window.batches = [];
new MutationObserver((records) => records.forEach((record) => batches.push(record.addedNodes.length)))
  .observe(document.querySelector("#feed [data-part=rows]"), {childList: true});
window.tasks = [];
new PerformanceObserver((list) => list.getEntries().forEach((entry) => tasks.push(entry.duration)))
  .observe({type: "longtask", buffered: true});
"""


class WatchedPage:
    """``complaints`` are errors of the page and what its policy refused, ``requests`` the addresses it asked."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.complaints: list[str] = []
        self.requests: list[str] = []
        page.set_default_timeout(DEADLINE * 1000)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda message: self.complaints.append(message.text) if message.type == "error" else None)
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("websocket", lambda socket: self.requests.append(socket.url))

    async def open(self) -> None:
        """Load it and wait until everything is measured and well."""
        await self.page.goto(self.url)
        await self.until(database="good", websocket="good", realtime="good")
        await self.page.evaluate(WATCH)

    async def until(self, **tones: str) -> None:
        """Wait until the indicators have these tones, all at the same time; ``verdict`` is one of them."""
        await self.page.wait_for_function(
            """(tones) => {
                 const place = (name) => document.getElementById(`indicator-${name}`) ?? document.getElementById(name);
                 return Object.entries(tones).every(([name, tone]) => place(name).dataset.tone === tone);
               }""",
            arg=tones,
        )

    async def received(self, count: int) -> None:
        """Wait until that many events have come to the page, and what is shown of them is drawn."""
        await self.page.wait_for_function(
            """(count) => {
                 const feed = document.getElementById("feed");
                 return Number(feed.dataset.received) >= count && Number(feed.dataset.shown) >= Math.min(count, 500);
               }""",
            arg=count,
        )

    async def ids(self) -> list[str]:
        """Return the ids of the rows in the feed, newest first."""
        ids: list[str] = await self.page.eval_on_selector_all(
            "#feed [data-part=rows] > *", "rows => rows.map(row => row.dataset.id)"
        )
        return ids

    async def says(self, selector: str, words: str) -> None:
        """Wait until an element shows these words: what is shown now may be drawn again in the meantime."""
        await self.page.wait_for_function(
            """([selector, words]) => {
                 const place = document.querySelector(selector);
                 return place.checkVisibility() && place.innerText.replaceAll(/\\s+/g, " ").includes(words);
               }""",
            arg=[selector, words],
        )

    async def watch_announcements(self) -> None:
        """Keep what is announced to screen readers from now on."""
        await self.page.evaluate(
            """() => {
              window.announced = [];
              const place = document.getElementById("announcement");
              const note = () => announced.push(place.textContent);
              new MutationObserver(note).observe(place, {childList: true, characterData: true, subtree: true});
            }"""
        )

    async def announced(self, *words: str) -> list[str]:
        """Wait until something with any of these words was announced; return all that was."""
        await self.page.wait_for_function(
            "(words) => announced.some((text) => words.some((word) => text.includes(word)))", arg=words
        )
        texts: list[str] = await self.page.evaluate("() => announced")
        return texts

    async def text(self, selector: str) -> str:
        """Return what an element shows."""
        return await self.page.inner_text(selector)

    async def figures(self, expression: str) -> Any:
        """Return a value of the page."""
        return await self.page.evaluate(expression)
