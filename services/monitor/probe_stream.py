"""The receiving end of the probe: a WebSocket connection like any client's, for one round trip.

Each round opens its own: the kernel hands it to any of the gateways, so that over time all of them are tried, and a
gateway that no longer lets anybody in is noticed like one that no longer delivers.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final, TypeVar

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from shared.access.own_tools import Introduction
from shared.errors import ConfigurationError, WaslaError
from shared.protocol import Envelope, encode

CHANNEL: Final = "wasla_probe"
APP_NAME: Final = "wasla-monitor"
_CLOSE_TIMEOUT: Final = 0.5

_Data = TypeVar("_Data", bound=msgspec.Struct)

_envelopes = msgspec.json.Decoder(Envelope)


class StreamBroken(WaslaError):
    """No gateway let the probe in, or it was refused or dropped; the text says which."""


class _Registered(msgspec.Struct):
    seq: int


class _ProbeRow(msgspec.Struct):
    nonce: str


class _ProbeEvent(msgspec.Struct):
    data: _ProbeRow
    hops: dict[str, float] = {}


class _ErrorData(msgspec.Struct):
    code: str
    reason: str


@asynccontextmanager
async def open_stream(url: str, introduce: Callable[[], Introduction] = Introduction) -> AsyncIterator[ProbeStream]:
    """Connect, register for the probe's channel and yield the stream; raise :exc:`StreamBroken`.

    *introduce* is asked each time: the files it reads may have been renewed.

    Not bounded in time: the caller is. Leaving the block closes the connection within half a second.
    """
    try:
        introduction = introduce()
    except ConfigurationError as error:
        raise StreamBroken(f"the probe cannot introduce itself: {error}") from None
    try:
        connection = await connect(
            url,
            ssl=(introduction.tls or True) if url.startswith("wss:") else None,  # True: the system's authorities
            compression=None,
            ping_interval=None,
            proxy=None,
            open_timeout=None,
            close_timeout=_CLOSE_TIMEOUT,
        )
    except (OSError, WebSocketException) as error:
        raise StreamBroken(f"no gateway answers at {url}: {error}") from None
    try:
        yield ProbeStream(connection, await _register(connection, introduction.token))
    finally:
        await connection.close()


class ProbeStream:
    """A registered connection, subscribed to nothing but the probe's channel; live from after ``seq``."""

    def __init__(self, connection: ClientConnection, seq: int) -> None:
        self._connection = connection
        self.seq = seq

    async def receive(self, nonce: str) -> dict[str, float]:
        """Wait for the event that carries ``nonce``; return the stamps of its hops, Unix seconds by name."""
        while True:
            event = await _next(self._connection, "realtime_event", _ProbeEvent)
            if event.data.nonce == nonce:
                return event.hops


async def _register(connection: ClientConnection, token: str | None) -> int:
    """Register and wait until the gateway has agreed; return the seq from after which the stream is live."""
    data = {"app_name": APP_NAME, "token": token, "subscribe": [{"id": "probe", "channels": [CHANNEL]}]}
    try:
        await connection.send(encode("register", data, time.time()).decode())
    except WebSocketException as error:
        raise StreamBroken(f"the gateway closed the probe's connection: {error}") from None
    return (await _next(connection, "registered", _Registered)).seq


async def _next(connection: ClientConnection, message_type: str, kind: type[_Data]) -> _Data:
    """Return the data of the next message of that type; an error from the gateway is raised."""
    try:
        while True:
            envelope = _envelopes.decode(await connection.recv())
            if envelope.message_type == "error":
                refusal = msgspec.json.decode(envelope.data, type=_ErrorData)
                raise StreamBroken(f"the gateway refused the probe ({refusal.code}): {refusal.reason}")
            if envelope.message_type == message_type:
                return msgspec.json.decode(envelope.data, type=kind)
    except WebSocketException as error:
        raise StreamBroken(f"the gateway closed the probe's connection: {error}") from None
    except (msgspec.MsgspecError, RecursionError) as error:
        raise StreamBroken(f"the gateway sent the probe what is no message: {error}") from None
