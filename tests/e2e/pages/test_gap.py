"""Where the stream could not be resumed, the feed says so: in that place, and for as long as it shows the place."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.async_api import WebSocketRoute

from tests.e2e.fleet import Fleet
from tests.e2e.pages.conftest import OpenPage
from tests.e2e.sales import sell

pytestmark = pytest.mark.timeout(300)

ENTRIES = """() => [...document.querySelectorAll("#feed [data-part=rows] > *")]
  .map((row) => row.classList.contains("notice") ? "gap" : row.dataset.id)"""


class Between:
    """Stands between the page and its gateway, and can say what a gateway says."""

    def __init__(self) -> None:
        self._page: WebSocketRoute | None = None
        self._position: dict[str, Any] = {}

    def join(self, page: WebSocketRoute) -> None:
        """Pass everything on, in both directions."""
        self._page = page
        gateway = page.connect_to_server()
        gateway.on_message(self._pass_on)

    def _pass_on(self, text: str | bytes) -> None:
        assert self._page is not None
        data = json.loads(text).get("data") or {}
        self._position.update({name: data[name] for name in ("epoch", "seq") if name in data})
        self._page.send(text)

    def resync(self) -> None:
        """Tell the page that what came up to here cannot all be had."""
        assert self._page is not None
        data = {"reason": "position_expired", "tables": None, **self._position}
        message = {"message_type": "resync", "timestamp": "2026-01-01T00:00:00.000Z", "data": data}
        self._page.send(json.dumps(message))


async def test_a_gap_stands_where_it_was(fleet: Fleet, open_page: OpenPage) -> None:
    between = Between()
    async with open_page() as watched:
        await watched.page.route_web_socket(lambda url: url.startswith(fleet.gateway_url), between.join)
        await watched.open()
        before = await sell(fleet.database_url, 2)
        await watched.received(2)
        between.resync()
        after = await sell(fleet.database_url, 1)
        await watched.received(3)
        everything = [*after, "gap", *before[::-1]]
        await watched.page.wait_for_selector("#feed .notice")
        assert await watched.figures(ENTRIES) == everything
        await watched.says("#feed [data-part=count]", "3 affichés sur 3 reçus")
        await watched.page.fill("#feed input[name=text]", before[0])
        await watched.says("#feed [data-part=count]", "1 affiché sur 3 reçus, 2 non affichés")
        assert await watched.figures(ENTRIES) == ["gap", before[0]]
        await watched.page.fill("#feed input[name=text]", "")
        await watched.says("#feed [data-part=count]", "3 affichés")
        assert await watched.figures(ENTRIES) == everything
