"""Tabs of one window, of which one is seen. Playwright's own pages are all seen at all times, whichever is in front.

They are made and spoken to by the browser's DevTools protocol, below Playwright, which leaves them alone.
https://chromedevtools.github.io/devtools-protocol/tot/Target/
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

from playwright.async_api import Browser, CDPSession

from tests.supervised import DEADLINE


class Tab:
    """One tab; use :func:`two_tabs`."""

    def __init__(self, browser: CDPSession, target: str, session: str) -> None:
        self._browser = browser
        self._target = target
        self._session = session
        self._questions = 0
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        browser.on("Target.receivedMessageFromTarget", self._take)

    async def show(self) -> None:
        """Bring it to the front: the other one is in the background now."""
        await self._browser.send("Target.activateTarget", {"targetId": self._target})

    async def become(self, state: Literal["frozen", "active"]) -> None:
        """Freeze it, as browsers do with tabs in the background: its tasks wait until it is active again."""
        await self._ask("Page.setWebLifecycleState", {"state": state})

    async def evaluate(self, expression: str) -> Any:
        """Return a value of the page; a promise is waited for."""
        question = {"expression": expression, "awaitPromise": True, "returnByValue": True}
        answer = await self._ask("Runtime.evaluate", question)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    async def has_told(self, condition: str) -> None:
        """Wait until a JavaScript expression holds in the page."""
        async with asyncio.timeout(DEADLINE):
            while not await self.evaluate(condition):  # noqa: ASYNC110 - the page has no event of ours to await
                await asyncio.sleep(0.05)

    async def _ask(self, method: str, params: dict[str, Any]) -> Any:
        self._questions += 1
        number = self._questions
        answered = self._answers[number] = asyncio.get_running_loop().create_future()
        message = json.dumps({"id": number, "method": method, "params": params})
        await self._browser.send("Target.sendMessageToTarget", {"sessionId": self._session, "message": message})
        async with asyncio.timeout(DEADLINE):
            return (await answered)["result"]

    def _take(self, told: dict[str, Any]) -> None:
        message = json.loads(told["message"])
        answered = self._answers.pop(message.get("id"), None) if told["sessionId"] == self._session else None
        if answered is not None and not answered.done():
            answered.set_result(message)


@asynccontextmanager
async def two_tabs(browser: Browser, url: str) -> AsyncIterator[tuple[Tab, Tab]]:
    """Two tabs with this page, in a profile of their own; the second one is in front."""
    session = await browser.new_browser_cdp_session()
    profile = (await session.send("Target.createBrowserContext"))["browserContextId"]
    try:
        yield await _tab(session, profile, url), await _tab(session, profile, url)
    finally:
        await session.send("Target.disposeBrowserContext", {"browserContextId": profile})


async def _tab(session: CDPSession, profile: str, url: str) -> Tab:
    made = await session.send("Target.createTarget", {"url": url, "browserContextId": profile})
    target = made["targetId"]
    attached = await session.send("Target.attachToTarget", {"targetId": target, "flatten": False})
    tab = Tab(session, target, attached["sessionId"])
    await tab.show()
    await tab.has_told(f"document.readyState === 'complete' && location.href === {url!r}")
    return tab
