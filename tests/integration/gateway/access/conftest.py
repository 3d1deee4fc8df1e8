"""An issuer of tokens whose key set is asked for over a network."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from services.gateway.service import Gateway
from tests.integration.gateway.access.test_keys_and_tokens import ISSUER, KEY, key_set
from tests.integration.gateway.conftest import StartGateway
from tests.integration.gateway.fake_listener import until


@dataclass(slots=True)
class Issuer:
    """What answers at ``address``: *body*, with *status*, as they are when it is asked, once the *gate* is open.

    ``asked`` is how often. Where it *drips*, an answer never ends.
    """

    address: str = ""
    body: str = ""
    status: int = 200
    asked: int = 0
    drips: bool = False
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked += 1
        headers = {"Location": self.address} if self.status == 302 else None
        answer = web.Response(text=self.body, status=self.status, headers=headers)
        if self.drips:
            return await self._drip(request)
        await self.gate.wait()
        return answer

    async def _drip(self, request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        while True:
            await answer.write(b" ")
            await asyncio.sleep(0.02)


@pytest.fixture
async def issuer(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Issuer]:
    monkeypatch.setattr("services.gateway.access.key_source.LEAST_INTERVAL", 0.0)
    made = Issuer(body=key_set({"first": ISSUER}))
    made.gate.set()
    app = web.Application()
    app.add_routes([web.get("/keys", made.answer)])
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.address = f"http://127.0.0.1:{runner.addresses[0][1]}/keys"
    yield made
    await runner.cleanup()


@pytest.fixture
def start_informed(start_gateway: StartGateway, issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> StartGateway:
    """Start gateways that have read the issuer's key, and wait for its answers however long the gate is closed."""
    monkeypatch.setattr("services.gateway.access.key_source.TIMEOUT", 60.0)

    async def start(**settings: Any) -> Gateway:
        gateway = await start_gateway(client_key=KEY, token_keys=issuer.address, **settings)
        tokens = gateway.tokens
        assert tokens is not None
        await until(lambda: tokens.keys != ())
        return gateway

    return start
