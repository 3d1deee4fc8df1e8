"""Keys that come from an address: rotation, an issuer that is away, and one that answers nonsense."""

from __future__ import annotations

import time

import pytest
import structlog
from cryptography.hazmat.primitives.asymmetric import ed25519
from structlog.testing import capture_logs

from tests.integration.gateway.access.conftest import Issuer
from tests.integration.gateway.access.test_keys_and_tokens import KEY, issued, key_set
from tests.integration.gateway.conftest import ConnectClient, StartGateway
from tests.integration.gateway.fake_listener import until


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
    start_informed: StartGateway, client_of: ConnectClient, issuer: Issuer, body: str, status: int
) -> None:
    gateway = await start_informed()
    good, asked = issuer.body, issuer.asked
    issuer.body, issuer.status = body, status
    unknown = await client_of(gateway)
    await unknown.send("register", {"app_name": "x", "token": issued(kid="second")})
    assert (await unknown.expect("error"))["code"] == "unauthorized"
    assert await unknown.closed() == 4002
    assert issuer.asked == asked + 1
    await (await client_of(gateway)).register(token=issued(kid="first"))
    issuer.body, issuer.status = good, 200


async def test_what_is_secret_in_the_address_is_not_shown(start_gateway: StartGateway, issuer: Issuer) -> None:
    issuer.status = 503
    place = issuer.address.replace("http://", "http://user:s3cret@") + "?key=s3cret"
    structlog.reset_defaults()
    with capture_logs() as logs:
        await start_gateway(client_key=KEY, token_keys=place)
        await until(lambda: any("cannot be read" in line["event"] for line in logs))
    assert issuer.address in str(logs)
    assert "s3cret" not in str(logs)


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
