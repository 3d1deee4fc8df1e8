"""Keys that come from an address: rotation, an issuer that is away, and one that answers nonsense."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ed25519

from tests.integration.gateway.access.test_keys_and_tokens import ISSUER, KEY, issued, key_set
from tests.integration.gateway.conftest import ConnectClient, StartGateway
from tests.integration.gateway.fake_listener import until


@dataclass(slots=True)
class Issuer:
    """What answers at ``address``: *body*, with *status*; ``asked`` how often."""

    address: str = ""
    body: str = ""
    status: int = 200
    asked: int = 0

    async def answer(self, _request: web.Request) -> web.Response:
        self.asked += 1
        headers = {"Location": self.address} if self.status == 302 else None
        return web.Response(text=self.body, status=self.status, headers=headers)


@pytest.fixture
async def issuer(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Issuer]:
    monkeypatch.setattr("services.gateway.access.key_source.LEAST_INTERVAL", 0.0)
    made = Issuer(body=key_set({"first": ISSUER}))
    app = web.Application()
    app.add_routes([web.get("/keys", made.answer)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.address = f"http://127.0.0.1:{runner.addresses[0][1]}/keys"
    yield made
    await runner.cleanup()


async def test_an_issuer_changes_its_keys(
    start_gateway: StartGateway, client_of: ConnectClient, issuer: Issuer
) -> None:
    gateway = await start_gateway(client_key=KEY, token_keys=issuer.address)
    await (await client_of(gateway)).register(token=issued(kid="first"))
    asked, successor = issuer.asked, ed25519.Ed25519PrivateKey.generate()
    issuer.body = key_set({"second": successor})
    await (await client_of(gateway)).register(token=issued(successor, "second"))
    assert issuer.asked == asked + 1, "a key that is known is not asked for"
    former = await client_of(gateway)
    await former.send("register", {"app_name": "x", "token": issued(kid="first")})
    assert (await former.expect("error"))["code"] == "unauthorized"
    assert await former.closed() == 4501


@pytest.mark.parametrize(
    ("body", "status"),
    [("{", 200), ("<html>", 200), ('{"keys": 7}', 200), ("x" * 2_000_000, 200), ("", 500), ("", 302)],
)
async def test_an_issuer_that_answers_nonsense_changes_nothing(
    start_gateway: StartGateway, client_of: ConnectClient, issuer: Issuer, body: str, status: int
) -> None:
    gateway = await start_gateway(client_key=KEY, token_keys=issuer.address)
    good, asked = issuer.body, issuer.asked
    issuer.body, issuer.status = body, status
    unknown = await client_of(gateway)
    await unknown.send("register", {"app_name": "x", "token": issued(kid="second")})
    assert (await unknown.expect("error"))["code"] == "unauthorized"
    assert issuer.asked == asked + 1
    await (await client_of(gateway)).register(token=issued(kid="first"))
    issuer.body, issuer.status = good, 200


async def test_an_issuer_that_comes_later(
    start_gateway: StartGateway, client_of: ConnectClient, issuer: Issuer
) -> None:
    issuer.status = 503
    gateway = await start_gateway(client_key=KEY, token_keys=issuer.address)
    tokens = gateway.tokens
    assert tokens is not None
    assert tokens.keys == ()
    await (await client_of(gateway)).register(token=KEY)
    issuer.status = 200
    gateway.reload()
    await until(lambda: tokens.keys != ())
    await (await client_of(gateway)).register(token=issued(kid="first"))


async def test_it_is_not_asked_more_often_than_that_whoever_knocks(
    start_gateway: StartGateway, client_of: ConnectClient, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.gateway.access.key_source.LEAST_INTERVAL", 0.5)
    gateway = await start_gateway(client_key=KEY, token_keys=issuer.address)
    began, asked = time.monotonic(), issuer.asked
    for number in range(20):
        client = await client_of(gateway)
        await client.send("register", {"app_name": "x", "token": issued(kid=f"made up {number}")})
        if number % 10 == 9:
            await client.expect("error")
    assert issuer.asked - asked <= (time.monotonic() - began) / 0.5 + 1
