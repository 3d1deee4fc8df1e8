"""The whole product on NATS, under the real supervisord: sales, the roster, a listener killed, the status page."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import urllib.request
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser import running_browser
from tests.e2e.clients import Client, on_every_gateway
from tests.e2e.fleet import Fleet, running_fleet
from tests.e2e.sales import sell
from tests.faults.nats.fleet import PATIENCE
from tests.nats_servers import nats_server

pytestmark = pytest.mark.timeout(300)


def status_of(fleet: Fleet) -> dict[str, Any]:
    with urllib.request.urlopen(f"{fleet.status_url}/status.json", timeout=60) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def lines_of(fleet: Fleet) -> list[str]:
    return [line["state"] for line in status_of(fleet)["lines"]]


async def e2e_clients(client: Client) -> list[Any]:
    return [entry for entry in await client.roster() if entry["app_name"] == "e2e"]


async def test_the_product_runs_on_nats() -> None:
    with nats_server() as server, running_fleet(WASLA_BUS=server.url) as fleet:
        async with on_every_gateway(fleet.gateway_url, 2, each=2) as gateways:
            clients = [client for members in gateways.values() for client in members]
            async with asyncio.timeout(PATIENCE):
                while len(await e2e_clients(clients[0])) < 4:  # noqa: ASYNC110 - known once a gateway said hello
                    await asyncio.sleep(0.2)
            await clients[0].say("broadcast", {"event_type": "greeting", "data": {"n": 1}})
            await asyncio.gather(*(c.read_until(lambda c=c: c.told("custom_event"), stay=True) for c in clients[1:]))
            sold = await sell(fleet.database_url, 10)
            listener = fleet.pid("pg-listener")
            os.kill(listener, signal.SIGKILL)
            sold += await sell(fleet.database_url, 10)
            await asyncio.gather(*(c.read_until(lambda c=c: len(c.ids()) >= 20, stay=True) for c in clients))
        assert [client.ids() for client in clients] == [sold] * 4
        await asyncio.to_thread(fleet.wait_until_ready)
        assert status_of(fleet)["bus"] == ["nats"]
        await asyncio.to_thread(fleet.wait_for, "one line, and it is well", lambda: lines_of(fleet) == ["good"])
        async with running_browser() as browser:
            page = await browser.new_page(locale="en-GB")
            await page.goto(fleet.status_url)
            about = page.locator("#lines-about")
            await expect(about).to_have_text("events come through the stream on NATS", timeout=PATIENCE * 1000)
            if shot := os.environ.get("WASLA_TEST_SCREENSHOT"):
                await page.screenshot(path=shot, full_page=True)
