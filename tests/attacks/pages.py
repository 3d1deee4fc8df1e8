"""Chromium: pages of another site that reach for this machine, and rows and names that are markup."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from playwright.async_api import Browser, Page
from websockets.asyncio.client import connect

from tests.another_site import another_site
from tests.attacks.bus import MARKUP, false_heartbeats
from tests.attacks.target import Target
from tests.browser import running_browser
from tests.supervised import DEADLINE

CONNECT = """([urls, times]) => Promise.all(urls.flatMap((url) => Array.from({length: times}, () =>
  new Promise((resolve) => {
    const socket = new WebSocket(url);
    socket.onopen = () => socket.send(JSON.stringify({message_type: "register", data: {app_name: "page"}}));
    socket.onmessage = ({data}) => resolve(JSON.parse(data).message_type);
    socket.onclose = ({code}) => resolve(String(code));
  }))))"""
SELL = """(url) => Promise.all(["text/plain", "application/x-www-form-urlencoded", "application/json"].map((type) =>
  fetch(`${url}/station/api/sales`, {method: "POST", mode: type === "application/json" ? "cors" : "no-cors",
    headers: {"Content-Type": type}, body: JSON.stringify({destination_id: "station-jemmal", seats: 1})})
  .then((answer) => answer.type === "opaque" ? "unread" : String(answer.status), (error) => error.name)))"""
SALES = "SELECT count(*) FROM bookings WHERE destination_id = 'station-jemmal'"
RAN = """() => [window.owned !== undefined && "a script ran",
  document.querySelector('img[src="x"], main script') !== null && "markup was taken for markup"].find(Boolean)"""
SHOWS = "([place, words]) => document.querySelector(place).textContent.toLowerCase().includes(words)"


async def pages_of_another_site(target: Target) -> Counter[str]:
    """Hundreds of WebSockets from another origin, and sales that its page posts in the clerk's name."""
    async with running_browser() as browser, another_site() as url, _database(target) as database:
        page = await browser.new_page()
        await page.goto(url)
        before = await database.fetchval(SALES)
        addresses = [f"ws://{name}:{target.port}" for name in ("127.0.0.1", "localhost", "evil.localhost")]
        found = Counter(await page.evaluate(CONNECT, [addresses, 50]))
        found += Counter(await page.evaluate(SELL, target.status_url))
        sold = await database.fetchval(SALES) - before
        found["nothing was sold" if sold == 0 else f"{sold} seats were sold"] += 1
    return found


async def markup_in_rows_and_names(target: Target) -> Counter[str]:
    """Markup in every text of the tables and in names of applications and processes, on either page.

    Without the pages' policy, which would let no script run: what they do with the text is all that stands between.
    """
    found: Counter[str] = Counter()
    async with running_browser() as browser, _database(target) as database, _application(target):
        await _fill(database)
        heartbeats = asyncio.ensure_future(false_heartbeats(target))
        found[await _status_page(target, browser, database)] += 1
        found[await _station(target, browser)] += 1
        await heartbeats
        await _empty(database)
    return found


async def _status_page(target: Target, browser: Browser, database: asyncpg.Connection) -> str:
    async with _page(browser, target.status_url) as page:
        await page.wait_for_selector("#indicator-websocket[data-tone=good]")
        await _sell(database)
        await page.wait_for_selector("#feed [data-part=rows] button")
        await page.wait_for_function(SHOWS, arg=["#apps", "onerror"])
        await page.wait_for_function(SHOWS, arg=["#processes", "onerror"])
        await page.fill("#feed input[name=text]", "onerror")
        await page.click("#feed [data-part=rows] button")
        await page.wait_for_function(SHOWS, arg=["dialog pre", "onerror"])
        return await page.evaluate(RAN) or "shown as text"


async def _station(target: Target, browser: Browser) -> str:
    async with _page(browser, f"{target.status_url}/station") as page:
        await page.wait_for_selector("body[data-loaded]")
        await page.wait_for_function(SHOWS, arg=["#counter .destinations", "onerror"])
        await page.wait_for_function(SHOWS, arg=["#queue", "onerror"])
        return await page.evaluate(RAN) or "shown as text"


@asynccontextmanager
async def _page(browser: Browser, url: str) -> AsyncIterator[Page]:
    context = await browser.new_context(locale="fr-FR", bypass_csp=True)
    page = await context.new_page()
    page.set_default_timeout(DEADLINE * 1000)
    try:
        await page.goto(url)
        yield page
    finally:
        await context.close()


async def _fill(database: asyncpg.Connection) -> None:
    """Put markup where the pages read."""
    await database.execute("INSERT INTO vehicles (id, license_plate) VALUES ($1, $1)", MARKUP)
    await database.execute("INSERT INTO routes (station_id, station_name, base_price) VALUES ($1, $1, 1)", MARKUP)
    await database.execute(
        "INSERT INTO vehicle_queue (id, vehicle_id, destination_id, destination_name) VALUES ($1, $1, $1, $1)", MARKUP
    )


async def _sell(database: asyncpg.Connection) -> None:
    await database.execute(
        """INSERT INTO bookings (queue_id, destination_id, vehicle_license_plate, booking_source, payment_method)
           VALUES ($1, $1, $1, $1, $1)""",
        MARKUP,
    )


async def _empty(database: asyncpg.Connection) -> None:
    for table, column in (
        ("bookings", "queue_id"),
        ("vehicle_queue", "id"),
        ("routes", "station_id"),
        ("vehicles", "id"),
    ):
        await database.execute(f"DELETE FROM {table} WHERE {column} = $1", MARKUP)


@asynccontextmanager
async def _application(target: Target) -> AsyncIterator[None]:
    """An application whose name is markup, and which broadcasts markup."""
    async with connect(target.gateway_url, open_timeout=DEADLINE, max_queue=None) as socket:
        for message_type, data in (
            ("register", {"app_name": MARKUP}),
            ("broadcast", {"event_type": MARKUP, "data": MARKUP}),
        ):
            await socket.send(json.dumps({"message_type": message_type, "data": data}))
        yield


@asynccontextmanager
async def _database(target: Target) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(target.database_url)
    try:
        yield connection
    finally:
        await connection.close()
