"""A gateway that follows a script, over real sockets: what a connection is sent, and what it said when it opened."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import msgspec
from websockets.asyncio.server import ServerConnection, serve

Script = Callable[[ServerConnection, dict[str, Any]], Awaitable[None]]


def message(message_type: str, **data: Any) -> str:
    return msgspec.json.encode({"message_type": message_type, "data": data, "timestamp": "t"}).decode()


def registered(seq: int, *, resumed: bool = False, epoch: str = "e") -> str:
    return message("registered", client_id="c", gateway="g", epoch=epoch, seq=seq, resumed=resumed, ping_interval=15.0)


def event(seq: int) -> str:
    fields = {
        "event_type": "INSERT",
        "table": "bookings",
        "id": str(seq),
        "timestamp": "t",
        "channel": "booking_events",
    }
    return message("realtime_event", **fields, seq=seq, data={"id": str(seq)})


@contextlib.asynccontextmanager
async def gateway(
    *scripts: Script, tls: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[str, list[dict[str, Any]]]]:
    """Serve each connection by the next script, the last one again and again; yield the URL and the openings seen."""
    openings: list[dict[str, Any]] = []

    async def handle(connection: ServerConnection) -> None:
        opening = msgspec.json.decode(await connection.recv(), type=dict[str, Any])
        assert opening["message_type"] == "register"
        openings.append(opening["data"])
        await scripts[min(len(openings), len(scripts)) - 1](connection, opening["data"])

    async with serve(handle, "127.0.0.1", 0, ssl=tls) as server:
        yield f"{'ws' if tls is None else 'wss'}://127.0.0.1:{server.sockets[0].getsockname()[1]}", openings


def says(*texts: str, close: int | None = None) -> Script:
    """Send these, then close with that code, or stay until the client goes."""

    async def script(connection: ServerConnection, _opening: dict[str, Any]) -> None:
        for text in texts:
            await connection.send(text)
        await (connection.wait_closed() if close is None else connection.close(close))

    return script
