"""A token is taken back while its holder is connected to each of the gateways."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from websockets.asyncio.client import ClientConnection, connect

from tests.certificates import private_pem, public_pem
from tests.e2e.access.operator import supervisorctl, wasla
from tests.e2e.fleet import Fleet, running_fleet
from tests.supervised import DEADLINE

pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The private key that tokens are signed with; the public one lies beside it."""
    path, key = tmp_path_factory.mktemp("issuer") / "private.pem", ed25519.Ed25519PrivateKey.generate()
    path.write_text(private_pem(key))
    path.with_name("public.pem").write_text(public_pem(key))
    return path


@pytest.fixture(scope="module")
def guarded(issuer: Path) -> Iterator[Fleet]:
    """A fleet that takes tokens."""
    variables = {
        "WASLA_TOKEN_KEYS": str(issuer.with_name("public.pem")),
        "WASLA_CLIENT_KEY": "k" * 40,
        "WASLA_TOKEN_LEEWAY": "0",  # one clock: what is issued after a revocation is good at once
    }
    with running_fleet(**variables) as fleet:
        yield fleet


async def register(fleet: Fleet, token: str) -> tuple[ClientConnection, str]:
    """Connect; return the connection and the gateway that let the client in, or the error's code."""
    socket = await connect(fleet.gateway_url, open_timeout=DEADLINE)
    await socket.send(json.dumps({"message_type": "register", "data": {"app_name": "x", "token": token}}))
    answer = json.loads(await asyncio.wait_for(socket.recv(), DEADLINE))["data"]
    return socket, answer.get("gateway") or answer["code"]


async def test_revocation_is_in_force_on_every_gateway_and_outlives_restarts(guarded: Fleet, issuer: Path) -> None:
    token = (await wasla(guarded, "token", "--user", "amine", "--key", str(issuer))).output.strip()
    sockets: dict[str, ClientConnection] = {}
    others = []
    while len(sockets) < 2:
        socket, gateway = await register(guarded, token)
        if gateway in sockets:
            others.append(socket)
        sockets.setdefault(gateway, socket)
    began = time.monotonic()
    answer = await wasla(guarded, "revoke", "--user", "amine")
    assert answer.code == 0, answer.output
    done = time.monotonic()
    async with asyncio.timeout(DEADLINE):
        for socket in [*sockets.values(), *others]:
            await socket.wait_closed()
            assert socket.close_code == 4501
    # A figure, not a test: this machine may be busy.
    sys.stdout.write(f"command {done - began:.2f} s, everybody closed {time.monotonic() - done:.2f} s after it\n")
    assert (await register(guarded, token))[1] == "unauthorized"
    for programs in ("gateway:*", "pg-listener"):
        await supervisorctl(guarded, "restart", programs)
    await asyncio.to_thread(guarded.wait_until_ready)
    assert (await register(guarded, token))[1] == "unauthorized"
    fresh = (await wasla(guarded, "token", "--user", "amine", "--key", str(issuer))).output.strip()
    socket, gateway = await register(guarded, fresh)
    assert "gateway" in gateway
    await socket.close()
    assert token.split(".")[2] not in guarded.log
