"""Refusals are on record, one line each with who, what and why; what was presented is nowhere."""

from __future__ import annotations

import io
import json
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
import structlog
from cryptography.hazmat.primitives.asymmetric import ed25519
from prometheus_client import generate_latest
from websockets.asyncio.client import connect
from websockets.typing import Origin, Subprotocol

from services.gateway.service import Gateway
from shared.access.audit import MAX_LINES_PER_SECOND
from shared.logs import configure
from tests.certificates import make_certificate, public_pem
from tests.integration.gateway.client import Client
from tests.integration.gateway.conftest import StartGateway
from tests.integration.gateway.fake_listener import FakeListener

KEY = "the-client-key-that-must-not-show"
WRONG = "the-wrong-key-that-must-not-show"
ISSUER = ed25519.Ed25519PrivateKey.generate()


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Everything that any logger writes, down to DEBUG, as a process writes it."""
    written, root = io.StringIO(), logging.getLogger()
    handlers, level = list(root.handlers), root.level
    monkeypatch.setattr("sys.stderr", written)
    configure(level="DEBUG", format="json", process="test")
    structlog.configure(cache_logger_on_first_use=False)  # or loggers would write here for ever
    yield written
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    root.handlers[:] = handlers
    root.setLevel(level)


def token(**changed: Any) -> str:
    now = time.time()
    claims = {"sub": "amine", "aud": "wasla", "iat": now, "exp": now + 3600, "jti": "t1", **changed}
    return jwt.encode(claims, ISSUER, "EdDSA")


async def register(gateway: Gateway, presented: str | None, **options: Any) -> str:
    """Register and return all that the gateway says of it."""
    query = options.pop("query", "")
    heard = []
    async with connect(f"ws://127.0.0.1:{gateway.port}/{query}", **options) as socket:
        client = Client(socket)
        await client.send("register", {"app_name": "x", **({} if presented is None else {"token": presented})})
        answer = await client.receive()
        heard += [str(answer), str(socket.response and socket.response.headers)]
        if answer["message_type"] == "error":
            await client.closed()
            heard.append(socket.close_reason or "")
    return "".join(heard)


async def test_no_secret_shows_anywhere(
    listener: FakeListener, start_gateway: StartGateway, log: io.StringIO, tmp_path: Path
) -> None:
    (tmp_path / "issuer.pem").write_text(public_pem(ISSUER))
    gateway = await start_gateway(
        client_key=KEY, token_keys=str(tmp_path / "issuer.pem"), token_in_query=True, log_level="DEBUG"
    )
    good, expired, forged = token(), token(exp=time.time() - 99), token()[:-8] + "AAAAAAAA"
    secrets = [KEY, WRONG, good, expired, forged]
    seen = []
    for secret in secrets:
        seen.append(await register(gateway, secret))
        seen.append(await register(gateway, None, query=f"?token={secret}"))
        offered = [Subprotocol("wasla"), Subprotocol(f"wasla.token.{secret}")]
        seen.append(await register(gateway, None, subprotocols=offered))
    listener.revoke(token_ids=["t1"])
    objects = [gateway.settings, gateway.hub.gatekeeper.door, gateway.hub.gatekeeper, gateway.tokens]
    shown = "".join([*seen, log.getvalue(), *map(repr, objects), *map(str, objects)])
    shown += generate_latest(gateway.registry).decode()
    assert "access refused" in shown
    for secret in secrets:
        # A token is three parts, and the first is everybody's.
        for part in secret.split(".")[1:] or [secret]:
            assert part not in shown


@pytest.mark.parametrize("format", ["json", "console"])
def test_a_traceback_shows_no_variables(log: io.StringIO, monkeypatch: pytest.MonkeyPatch, format: str) -> None:  # noqa: A002
    def verify(presented: str) -> None:
        raise RuntimeError("unforeseen")

    monkeypatch.setattr("sys.stderr", log)
    configure(level="DEBUG", format=format, process="test")
    try:
        verify(WRONG)
    except RuntimeError:
        structlog.get_logger("x").exception("stopped by an unforeseen error")
        logging.getLogger("asyncio").exception("stopped by an unforeseen error")
    assert log.getvalue().count("unforeseen error") == 2
    assert log.getvalue().count("RuntimeError") >= 2
    assert WRONG not in log.getvalue()


async def test_a_refusal_says_from_where_what_and_why(start_gateway: StartGateway, log: io.StringIO) -> None:
    gateway = await start_gateway(client_key=KEY)
    await register(gateway, WRONG)
    await register(gateway, None)
    async with connect(f"ws://127.0.0.1:{gateway.port}/", origin=Origin("https://evil.example")) as socket:
        await Client(socket).closed()
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    refusals = [
        {name: line[name] for name in ("remote", "what", "why", "level")}
        for line in lines
        if line["event"] == "access refused"
    ]
    assert refusals == [
        {"remote": "127.0.0.1", "what": "register", "why": "wrong_key", "level": "warning"},
        {"remote": "127.0.0.1", "what": "register", "why": "no_token", "level": "warning"},
        {"remote": "127.0.0.1", "what": "origin", "why": "origin", "level": "warning"},
    ]


async def test_who_knocks_without_end_fills_no_disk(start_gateway: StartGateway, log: io.StringIO) -> None:
    gateway = await start_gateway(client_key=KEY)
    gateway.hub.clock = lambda: 1_800_000_000.0
    for _ in range(2 * MAX_LINES_PER_SECOND):
        await register(gateway, WRONG)
    assert log.getvalue().count("access refused") == MAX_LINES_PER_SECOND
    gateway.hub.clock = lambda: 1_800_000_001.0
    await register(gateway, WRONG)
    last = [line for line in log.getvalue().splitlines() if "access refused" in line][-1]
    assert json.loads(last)["left_out"] == str(MAX_LINES_PER_SECOND)


async def test_the_private_key_of_tls_shows_nowhere(
    start_gateway: StartGateway, log: io.StringIO, tmp_path: Path
) -> None:
    files = make_certificate(tmp_path)
    gateway = await start_gateway(tls_cert=files.cert, tls_key=files.key)
    secret = files.key.read_text().splitlines()[1]
    assert secret not in repr(gateway.certificate) + repr(gateway.settings) + log.getvalue()
