"""The calls of the original document, exactly as it prints them."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import BrowserContext, ConsoleMessage, WebSocket

from tests.e2e.clients import connected
from tests.e2e.fleet import Fleet
from tests.e2e.javascript.posts import keep
from tests.e2e.sales import sell
from tests.supervised import DEADLINE

pytestmark = pytest.mark.timeout(300)

AS_PRINTED = """
async () => {
  const { websocketDbClient } = await import("/client/compat.js");

  // Initialize WebSocket
  await websocketDbClient.initializeWebSocket('App Name');

  // Listen to events
  const unsubscribe = websocketDbClient.onWebSocketEvent('booking-change', (event) => {
    console.log('Booking changed:', event);
  });

  // Get connection status
  const status = websocketDbClient.getWebSocketStatus();

  // Broadcast custom event
  websocketDbClient.broadcastToOtherApps('custom-event', { data: 'value' });

  Object.assign(window, { unsubscribe, websocketDbClient });
  return status;
}
"""

OFTEN = """
async () => {
  const heard = [];
  const { onWebSocketEvent, initializeWebSocket, getWebSocketStatus } = await import("/client/compat.js");
  onWebSocketEvent("realtime-event", ({ id }) => heard.push(id));
  const status = getWebSocketStatus();
  await Promise.all([initializeWebSocket("One"), initializeWebSocket("Two")]);
  // A second copy of the module, as a bundler may make it.
  const copy = await import("/client/compat.js?copy");
  const isConnected = await copy.initializeWebSocket("Three");
  copy.onWebSocketEvent("bookings-insert", ({ id }) => heard.push(id));
  Object.assign(window, { heard });
  return [status.connected, isConnected];
}
"""


async def test_the_calls_as_printed(fleet: Fleet, context: BrowserContext, site: str) -> None:
    page = await context.new_page()
    said: list[ConsoleMessage] = []
    keep(page, "console", said)
    await page.add_init_script(f"globalThis.WASLA_URLS = {fleet.gateway_url!r}")
    await page.goto(site)
    async with connected(fleet.gateway_url) as other:
        status = await page.evaluate(AS_PRINTED)
        await other.read_until(lambda: any(m["message_type"] == "custom_event" for m in other.others), stay=True)
        (sold,) = await sell(fleet.database_url, 1)
        async with asyncio.timeout(DEADLINE):
            while not said:
                await page.wait_for_timeout(20)
    assert status["connected"]
    assert status["url"] == fleet.gateway_url
    (told,) = [m["data"] for m in other.others if m["message_type"] == "custom_event"]
    assert (told["event_type"], told["data"], told["from"]["app_name"]) == (
        "custom-event",
        {"data": "value"},
        "App Name",
    )
    assert said[0].text.startswith("Booking changed:")
    changed = await said[0].args[1].json_value()
    assert (changed["event_type"], changed["table"], changed["id"]) == ("INSERT", "bookings", sold)
    await page.evaluate("unsubscribe()")
    await page.evaluate("websocketDbClient.disconnectWebSocket()")
    assert not await page.evaluate("websocketDbClient.getWebSocketStatus().connected")
    assert len(said) == 1


async def test_one_link_however_often_it_is_initialised(fleet: Fleet, context: BrowserContext, site: str) -> None:
    page = await context.new_page()
    links: list[WebSocket] = []
    keep(page, "websocket", links)
    await page.add_init_script(f"globalThis.WASLA_URLS = {fleet.gateway_url!r}")
    await page.goto(site)
    assert await page.evaluate(OFTEN) == [False, True]
    (sold,) = await sell(fleet.database_url, 1)
    # A function: the site's policy lets an expression be evaluated only once, which is too early at times.
    await page.wait_for_function("() => heard.length >= 2", timeout=DEADLINE * 1000)
    assert await page.evaluate("heard") == [sold, sold]
    assert len(links) == 1


async def test_an_app_starts_without_a_gateway(context: BrowserContext, site: str) -> None:
    """Waiting for the connection does not hold the app up where there is none."""
    page = await context.new_page()
    await page.add_init_script("globalThis.WASLA_URLS = 'ws://127.0.0.1:9'")  # the discard port: nobody is there
    await page.goto(site)
    initialised = await page.evaluate(
        """async () => {
          const { websocketDbClient } = await import("/client/compat.js");
          const isConnected = await websocketDbClient.initializeWebSocket("App Name");
          const { connected, connecting, reconnectAttempts } = websocketDbClient.getWebSocketStatus();
          return [isConnected, connected, connecting, reconnectAttempts > 0];
        }"""
    )
    assert initialised == [False, False, True, True]
