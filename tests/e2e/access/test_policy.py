"""A policy in a running fleet: real rows, real keys, and the probe goes on."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any

import asyncpg
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from websockets.asyncio.client import ClientConnection, connect

from tests.certificates import public_pem
from tests.e2e.access.operator import wasla
from tests.e2e.fleet import Fleet, running_fleet
from tests.supervised import DEADLINE

pytestmark = pytest.mark.timeout(400)

ISSUER = ed25519.Ed25519PrivateKey.generate()
POLICY = """
[roles.cashier]
tables.tickets.where = { station = { eq = "claims.station" } }
tables.tickets.hide = ["code"]
tables.seats.where = { station = { eq = "claims.station" } }
tables.seats.hide = ["row"]
"""
TABLES = """
CREATE TABLE tickets (id int PRIMARY KEY, station text, code text, price numeric);
CREATE TABLE seats (station text, row int, place int, PRIMARY KEY (station, row, place));
CREATE TABLE salaries (id int PRIMARY KEY, amount int);
SELECT wasla.watch('tickets'), wasla.watch('seats'), wasla.watch('salaries');
"""
CHANGES = """
INSERT INTO salaries VALUES (1, 999001);
INSERT INTO tickets VALUES (1, 'S1', 'secret-a', 7.50), (2, 'S2', 'secret-b', 1);
UPDATE tickets SET code = 'secret-c' WHERE id = 1;
UPDATE tickets SET id = 3, station = 'S2', price = 999002 WHERE id = 1;
UPDATE tickets SET id = 4, station = 'S1' WHERE id = 2;
INSERT INTO seats VALUES ('S1', 999003, 5);
DELETE FROM tickets WHERE id = 4;
TRUNCATE tickets, salaries;
"""
SECRETS = ("secret-", "999001", "999002", "999003", '"3"', "salaries")


@pytest.fixture(scope="module")
def governed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """A fleet with a policy; that it becomes ready says that the probe's events arrive."""
    directory = tmp_path_factory.mktemp("policy")
    (directory / "policy.toml").write_text(POLICY)
    (directory / "issuer.pem").write_text(public_pem(ISSUER))
    variables = {
        "WASLA_TOKEN_KEYS": str(directory / "issuer.pem"),
        "WASLA_CLIENT_KEY": "k" * 40,
        "WASLA_POLICY": str(directory / "policy.toml"),
    }
    with running_fleet(**variables) as fleet:
        yield fleet


async def register(fleet: Fleet, **data: Any) -> tuple[ClientConnection, dict[str, Any]]:
    claims = {"sub": "amine", "aud": "wasla", "exp": time.time() + 3600, "role": "cashier", "station": "S1"}
    socket = await connect(fleet.gateway_url, open_timeout=DEADLINE)
    token = jwt.encode(claims, ISSUER, "EdDSA")
    await socket.send(json.dumps({"message_type": "register", "data": {"app_name": "x", "token": token, **data}}))
    answer = json.loads(await asyncio.wait_for(socket.recv(), DEADLINE))
    assert answer["message_type"] == "registered"
    return socket, answer["data"]


async def told(socket: ClientConnection, count: int) -> list[str]:
    """Return the next events as they came."""
    texts: list[str] = []
    async with asyncio.timeout(DEADLINE):
        while len(texts) < count:
            text = await socket.recv(decode=True)
            if json.loads(text)["message_type"] not in ("position", "status"):
                texts.append(text)
    return texts


async def test_a_cashier_is_told_of_its_station_alone(governed: Fleet) -> None:
    database = await asyncpg.connect(governed.database_url)
    try:
        await database.execute(TABLES)
        check = await wasla(governed, "policy", "check")
        assert check.code == 0, check.output
        live, registered = await register(governed)
        await database.execute(CHANGES)
    finally:
        await database.close()
    position = {"epoch": registered["epoch"], "seq": registered["seq"]}
    texts = await told(live, 6)
    resumed, _ = await register(governed, resume=position)
    assert await told(resumed, 6) == texts
    assert not [secret for secret in SECRETS if any(secret in text for text in texts)]
    events = [json.loads(text)["data"] for text in texts]
    assert [(event["event_type"], event["table"], event["id"], event["data"]) for event in events] == [
        ("INSERT", "tickets", "1", {"id": 1, "price": 7.5, "station": "S1"}),
        ("DELETE", "tickets", "1", {"id": 1, "price": 7.5, "station": "S1"}),
        ("INSERT", "tickets", "4", {"id": 4, "price": 1, "station": "S1"}),
        ("INSERT", "seats", None, {"place": 5, "station": "S1"}),
        ("DELETE", "tickets", "4", {"id": 4, "price": 1, "station": "S1"}),
        ("TRUNCATE", "tickets", None, None),
    ]
    for socket in (live, resumed):
        await socket.close()
