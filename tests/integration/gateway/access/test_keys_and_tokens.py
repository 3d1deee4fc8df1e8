"""Who registers at a real gateway, how long it stays, and what ends it."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from services.gateway.service import Gateway
from shared.bus.messages import RevocationsRequest
from shared.errors import ConfigurationError
from tests.certificates import public_pem
from tests.integration.gateway.client import Client
from tests.integration.gateway.conftest import ConnectClient, StartGateway
from tests.integration.gateway.fake_listener import FakeListener, until

KEY = "client-key-" * 4
ISSUER = ed25519.Ed25519PrivateKey.generate()


def issued(key: ed25519.Ed25519PrivateKey = ISSUER, kid: str | None = None, **changed: Any) -> str:
    now = time.time()
    claims = {"sub": "amine", "aud": "wasla", "iat": now - 5, "exp": now + 3600, "jti": "t1", **changed}
    return jwt.encode(claims, key, "EdDSA", headers=None if kid is None else {"kid": kid})


@pytest.fixture
def token_keys(tmp_path: Path) -> str:
    path = tmp_path / "issuer.pem"
    path.write_text(public_pem(ISSUER))
    return str(path)


async def refused(client: Client, code: int = 4501) -> str:
    """Return why the client was refused."""
    error = await client.expect("error")
    assert error["code"] == "unauthorized"
    assert await client.closed() == code
    reason: str = error["reason"]
    return reason


async def test_with_a_key_configured_only_who_has_it_registers(
    start_gateway: StartGateway, client_of: ConnectClient
) -> None:
    gateway = await start_gateway(client_key=KEY)
    with_it, without, with_another = [await client_of(gateway) for _ in range(3)]
    await with_it.register(token=KEY)
    await without.send("register", {"app_name": "x"})
    assert "send the key or a token with register" in await refused(without)
    await with_another.send("register", {"app_name": "x", "token": "client-key-client"})
    assert "expected the key of this installation" in await refused(with_another)
    await with_it.send("ping", {})
    await with_it.expect("pong")


async def test_who_may_come_without_a_key_may_not_come_with_a_wrong_one(
    start_gateway: StartGateway, client_of: ConnectClient
) -> None:
    gateway = await start_gateway(client_key=KEY, allow_anonymous=True)
    await (await client_of(gateway)).register()
    wrong = await client_of(gateway)
    await wrong.send("register", {"app_name": "x", "token": "wrong"})
    await refused(wrong)


async def test_tokens(start_gateway: StartGateway, client_of: ConnectClient, token_keys: str) -> None:
    gateway = await start_gateway(client_key=KEY, token_keys=token_keys)
    await (await client_of(gateway)).register(token=issued())
    await (await client_of(gateway)).register(token=KEY)
    for token, code in (
        (issued(exp=time.time() - 60), 4003),
        (issued(aud="another"), 4501),
        (issued(ed25519.Ed25519PrivateKey.generate()), 4501),
        (jwt.encode({"sub": "amine", "aud": "wasla", "exp": time.time() + 60}, None, "none"), 4501),
    ):
        client = await client_of(gateway)
        await client.send("register", {"app_name": "x", "token": token})
        await refused(client, code)


async def test_a_token_may_come_with_the_handshake(
    start_gateway: StartGateway, client_of: ConnectClient, token_keys: str
) -> None:
    gateway = await start_gateway(client_key=KEY, token_keys=token_keys)
    offered = [Subprotocol("wasla"), Subprotocol(f"wasla.token.{issued()}")]
    client = await client_of(gateway, subprotocols=offered)
    assert client.socket.subprotocol == "wasla"
    assert issued() not in str(client.socket.response)
    await client.register()


@pytest.mark.parametrize("switched_on", [True, False])
async def test_a_token_may_come_in_the_address_only_where_that_is_switched_on(
    start_gateway: StartGateway, switched_on: bool
) -> None:
    gateway = await start_gateway(client_key=KEY, token_in_query=switched_on)
    async with connect(f"ws://127.0.0.1:{gateway.port}/?token={KEY}") as socket:
        client = Client(socket)
        if switched_on:
            await client.register()
        else:
            await client.send("register", {"app_name": "x"})
            await refused(client)


async def test_a_client_is_warned_brings_a_fresh_token_and_stays(
    start_gateway: StartGateway, client_of: ConnectClient, token_keys: str
) -> None:
    gateway = await start_gateway(client_key=KEY, token_keys=token_keys, token_leeway=0)
    client, end = await client_of(gateway), float(int(time.time()) + 3600)
    await client.register(token=issued(exp=end))
    gateway.hub.clock = lambda: end - 61
    gateway.hub.sweep()
    gateway.hub.clock = lambda: end - 60
    gateway.hub.sweep()
    gateway.hub.sweep()
    assert (await client.expect("token_expiring"))["expires_at"].startswith(time.strftime("%Y", time.gmtime(end)))
    await client.send("token", {"token": issued(exp=end + 3600)})
    accepted = await client.expect("token_accepted")
    assert accepted["expires_at"] == time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(end + 3600))
    gateway.hub.clock = lambda: end + 1
    gateway.hub.sweep()
    await client.send("ping", {})
    await client.expect("pong")
    gateway.hub.clock = lambda: end + 3600
    gateway.hub.sweep()
    await client.expect("token_expiring")
    assert "expired" in await refused(client, 4003)


async def test_the_end_of_a_token_ends_the_connection_with_4003(
    start_gateway: StartGateway, client_of: ConnectClient, token_keys: str
) -> None:
    """By the clock that is on the wall: within a second or so of its end."""
    gateway = await start_gateway(client_key=KEY, token_keys=token_keys, token_leeway=0)
    forever = await client_of(gateway)
    await forever.register(token=KEY)
    for seconds in (2, 8, 32):
        client, end = await client_of(gateway), time.time() + seconds
        await client.send("register", {"app_name": "x", "token": issued(exp=end)})
        if (await client.receive())["message_type"] == "registered":
            break  # else it had ended by then
    await client.expect("token_expiring")
    await refused(client, 4003)
    assert time.time() >= end
    await forever.send("ping", {})
    await forever.expect("pong")


async def test_a_refused_fresh_token_ends_the_connection(
    start_gateway: StartGateway, client_of: ConnectClient, token_keys: str
) -> None:
    gateway = await start_gateway(client_key=KEY, token_keys=token_keys)
    for token in ("wrong", issued(sub="somebody else"), KEY):
        client = await client_of(gateway)
        await client.register(token=issued())
        await client.send("token", {"token": token})
        await refused(client)


async def test_a_revocation_ends_whom_it_concerns_on_every_gateway_and_keeps_it_out(
    listener: FakeListener, start_gateway: StartGateway, client_of: ConnectClient, token_keys: str
) -> None:
    gateways = [await start_gateway(client_key=KEY, token_keys=token_keys) for _ in range(2)]
    amine = [await client_of(gateway) for gateway in gateways]
    for client in amine:
        await client.register(token=issued())
    other, keyed = await client_of(gateways[0]), await client_of(gateways[0])
    await other.register(token=issued(sub="badr", jti="t2"))
    await keyed.register(token=KEY)
    revoked_at = time.time()
    listener.revoke(users={"amine": revoked_at})
    for client in amine:
        assert "revoked" in await refused(client)
    again = await client_of(gateways[1])
    await again.send("register", {"app_name": "x", "token": issued()})
    await refused(again)
    late = await client_of(gateways[1])
    await late.send("register", {"app_name": "x", "token": issued(iat=revoked_at + 5)})
    assert "revoked" in await refused(late), "clocks may differ by more"
    gateways[1].hub.clock = lambda: time.time() + 20
    await (await client_of(gateways[1])).register(token=issued(iat=time.time() + 20))
    listener.revoke(token_ids=["t2"])
    assert "revoked" in await refused(other)
    await keyed.send("ping", {})
    await keyed.expect("pong")


async def test_what_is_revoked_is_known_before_the_port_is_opened(
    listener: FakeListener,
    start_gateway: StartGateway,
    client_of: ConnectClient,
    token_keys: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("services.gateway.service.JOIN_PATIENCE", 60.0)
    listener.revoke(token_ids=["t1"])
    listener.withholds_revocations = True
    settings = {"client_key": KEY, "token_keys": token_keys, "request_timeout": 0.05}
    starting = asyncio.create_task(start_gateway(**settings))
    await until(lambda: sum(isinstance(request, RevocationsRequest) for request in listener.asked) >= 3)
    assert not starting.done(), "it has joined the stream long ago"
    listener.withholds_revocations = False
    client = await client_of(await starting)
    await client.send("register", {"app_name": "x", "token": issued()})
    await refused(client)


async def test_nobody_learns_what_is_watched_before_he_is_let_in(
    start_gateway: StartGateway, client_of: ConnectClient
) -> None:
    client = await client_of(await start_gateway(client_key=KEY))
    data = {"app_name": "x", "subscribe": [{"id": "s", "tables": ["guess"]}]}
    await client.send("register", data)
    assert "bookings" not in await refused(client)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"host": "0.0.0.0"}, "WASLA_HOST=0.0.0.0 can be reached"),
        ({"token_keys": "missing.pem", "client_key": KEY}, "WASLA_TOKEN_KEYS: missing.pem cannot be read"),
        ({"token_keys": "http://issuer.example/keys", "client_key": KEY}, "https address of a key set"),
        ({"token_keys": "issuer.pem"}, "wasla keys"),
        ({"client_key": "short"}, "32 to 512 visible"),
        ({"tls_cert": "x.crt"}, "set both, or neither"),
    ],
)
async def test_what_cannot_be_opened_safely_does_not_start(
    start_gateway: StartGateway, settings: dict[str, Any], expected: str
) -> None:
    with pytest.raises(ConfigurationError, match=expected):
        await start_gateway(**settings)


async def test_a_new_client_key_is_in_force_after_a_hangup_and_nobody_is_dropped(
    start_gateway: StartGateway, client_of: ConnectClient, tmp_path: Path
) -> None:
    path = tmp_path / "client.key"
    path.write_text(KEY)
    path.chmod(0o600)
    gateway = await start_gateway(client_key_file=path)
    former = await client_of(gateway)
    await former.register(token=KEY)
    path.write_text("n" * 40)
    gateway.reload()
    await former.send("ping", {})
    await former.expect("pong")
    await (await client_of(gateway)).register(token="n" * 40)
    late = await client_of(gateway)
    await late.send("register", {"app_name": "x", "token": KEY})
    await refused(late)


async def test_a_changed_key_file_is_read_when_a_token_needs_it(
    start_gateway: StartGateway, client_of: ConnectClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.gateway.access.key_source.LEAST_INTERVAL", 0.0)
    path, successor = tmp_path / "keys.json", ed25519.Ed25519PrivateKey.generate()
    path.write_text(key_set({"first": ISSUER}))
    gateway = await start_gateway(client_key=KEY, token_keys=str(path))
    await (await client_of(gateway)).register(token=issued(kid="first"))
    path.write_text(key_set({"first": ISSUER, "second": successor}))
    await (await client_of(gateway)).register(token=issued(successor, "second"))
    await (await client_of(gateway)).register(token=issued(kid="first"))
    unknown = await client_of(gateway)
    await unknown.send("register", {"app_name": "x", "token": issued(kid="third")})
    assert "not known" in await refused(unknown)
    path.write_text("broken")
    late = await client_of(gateway)
    await late.send("register", {"app_name": "x", "token": issued(kid="third")})
    await refused(late, 4002)
    await (await client_of(gateway)).register(token=issued(successor, "second"))


def key_set(keys: dict[str, ed25519.Ed25519PrivateKey]) -> str:
    algorithm = jwt.get_algorithm_by_name("EdDSA")
    entries = [{**json.loads(algorithm.to_jwk(key.public_key())), "kid": kid} for kid, key in keys.items()]
    return json.dumps({"keys": entries})


async def test_a_client_that_leaves_while_it_waits_for_a_key_is_forgotten(
    start_gateway: StartGateway, client_of: ConnectClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.gateway.access.key_source.LEAST_INTERVAL", 3600.0)
    path = tmp_path / "keys.json"
    path.write_text(key_set({"first": ISSUER}))
    gateway: Gateway = await start_gateway(client_key=KEY, token_keys=str(path))
    client = await client_of(gateway)
    await client.send("register", {"app_name": "x", "token": issued(kid="second")})
    await until(lambda: bool(gateway.hub.gatekeeper._postponed))
    await client.socket.close()
    await until(lambda: not gateway.hub.connections)
    assert not gateway.hub.gatekeeper._postponed
