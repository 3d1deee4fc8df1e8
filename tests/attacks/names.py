"""SQL in every name and value that a client can send, by WebSocket and to the station's desk."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import asyncpg

from tests.attacks.target import Target
from tests.attacks.wire import frames, message, raw, register
from tests.supervised import DEADLINE

TRACE = "attacked"
SQL = (
    "'; CREATE TABLE attacked (); --",
    '"; CREATE TABLE attacked (); --',
    "$$; CREATE TABLE attacked (); --",
    "x' OR '1'='1",
    "\\'; CREATE TABLE attacked (); --",
    "%s; {0}; :name; $1",
)
LEFT = "SELECT count(*) FROM pg_class WHERE relname = $1 OR relname = ANY ($2)"
TABLES = ["bookings", "vehicle_queue", "routes", "event_log", "outbox"]


async def sql_in_messages(target: Target) -> Counter[str]:
    """Names of tables, channels, events and columns, values, tokens, positions, names of applications."""
    found: Counter[str] = Counter()
    async with asyncio.timeout(DEADLINE):
        for sql in SQL:
            for registering, said in _messages(sql):
                found[await _say(target, registering, said)] += 1
        found[await _what_is_left(target)] += 1
    return found


async def sql_at_the_desk(target: Target) -> Counter[str]:
    """Every field of every call of the station."""
    found: Counter[str] = Counter()
    async with asyncio.timeout(DEADLINE):
        for sql in SQL:
            for call, asked in _calls(sql):
                found[await _ask(target, call, asked)] += 1
        found[await _what_is_left(target)] += 1
    return found


def _messages(sql: str) -> Iterator[tuple[bytes, bytes]]:
    """Yield how to register, and what to say then."""
    for parts in (
        {"tables": [sql]},
        {"channels": [sql]},
        {"events": [sql]},
        {"tables": ["bookings"], "where": {sql: {"eq": "x"}}},
        {"tables": ["bookings"], "where": {"destination_id": {sql: "x"}}},
        {"tables": ["bookings"], "where": {"destination_id": {"eq": sql}}},
        {"tables": ["bookings"], "where": {"destination_id": {"in": [sql, sql]}}},
    ):
        yield register(), message("subscribe", {"id": sql, **parts})
    yield register(), message("unsubscribe", {"id": sql})
    yield register(), message("broadcast", {"event_type": sql, "data": sql, "to": {"app_name": sql}, "id": sql})
    yield register(), message("token", {"token": sql})
    yield register(sql), b""
    yield register(token=sql), b""
    yield register(resume={"epoch": sql, "seq": 1}), b""


async def _say(target: Target, registering: bytes, said: bytes) -> str:
    """Return the type of the last answer before a ping's."""
    async with raw(target.port) as connection:
        if not await connection.upgrade():
            return "refused"
        await connection.send(registering + said + message("ping", {"last": True}))
        received, last = b"", "nothing"
        while piece := await connection.reader.read(65536):
            received += piece
            answers = [json.loads(payload) for first, payload in frames(received) if first == 0x81]
            told = [answer for answer in answers if answer["message_type"] in ("error", "pong")]
            if told:
                last = told[0]["data"].get("code", "taken as a value")
                break
        return last


def _calls(sql: str) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "sales", {"destination_id": sql, "seats": 1}
    yield "sales", {"destination_id": "station-jemmal", "seats": 1, "queue_id": sql}
    yield "sales", {"destination_id": "station-jemmal", "seats": sql}
    yield "sales", {"destination_id": sql, "seats": 1, "post": sql}
    yield "arrivals", {"license_plate": sql, "destination_id": "station-jemmal"}
    yield "arrivals", {"license_plate": "123 TUN 4", "destination_id": sql}
    yield "cancellations", {"booking_id": sql}
    yield "transfers", {"booking_id": sql, "to_queue_id": sql}
    yield "departures", {"queue_id": sql}
    yield "removals", {"queue_id": sql}
    yield "simulation", {"action": "start", "until": sql}


async def _ask(target: Target, call: str, asked: dict[str, Any]) -> str:
    body = json.dumps(asked).encode()
    async with raw(target.status_port) as connection:
        await connection.send(
            f"POST /station/api/{call} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
            + body
        )
        return await connection.ending()


async def _what_is_left(target: Target) -> str:
    """Tell whether a table was made or lost."""
    connection = await asyncpg.connect(target.database_url)
    try:
        count = await connection.fetchval(LEFT, TRACE, TABLES)
    finally:
        await connection.close()
    return "database unharmed" if count == len(TABLES) else f"{count} tables"
