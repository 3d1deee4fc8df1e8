"""One WebSocket, from its opening to its end. It knows frames and close codes, nothing of what they mean.

A link is read by one task and written by another, so that sending never waits inside a fact. Cancelling
:meth:`Link.converse` leaves the WebSocket open: :meth:`Link.end` is always called.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl as tls
from collections.abc import Awaitable, Callable
from typing import Any, Final, Literal

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage, InvalidProxy

from wasla_client.session import LOST

MAX_MESSAGE_BYTES: Final = 64 * 2**20
"""Rows of up to 16 MiB are sent, the old one beside the new; more is a mistake."""

CLOSE_TIMEOUT: Final = 1.0
FAILED_OPENING: Final = (
    OSError,
    InvalidHandshake,
    InvalidMessage,
    InvalidProxy,
    EOFError,
    TimeoutError,
    ConnectionClosed,
)
"""What opening a WebSocket raises when the other side, or the way to it, is not there."""


class Link:
    """An open WebSocket."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._outgoing: asyncio.Queue[str] = asyncio.Queue()

    def send(self, text: str) -> None:
        """Send in turn; on a link that has ended it is nothing."""
        self._outgoing.put_nowait(text)

    async def converse(self, take: Callable[[str | bytes], Awaitable[None]]) -> int:
        """Pass each text frame to *take*; return the close code at the end, 1006 where none came."""
        writing_task = asyncio.create_task(self._write(), name="wasla-client-writing")
        try:
            while True:
                await take(await self._connection.recv())
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd is not None else LOST
        finally:
            writing_task.cancel()
            await asyncio.gather(writing_task, return_exceptions=True)

    async def end(self, code: int) -> None:
        """Say goodbye where that makes sense, and let go; a link that is dead is cut."""
        if code == 1000:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_TIMEOUT):
                    await self._connection.close(code)
        self._connection.transport.abort()

    async def _write(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await self._connection.send(await self._outgoing.get())


async def open_link(url: str, *, ssl: tls.SSLContext | None, proxy: str | Literal[True] | None) -> Link:
    """Open a WebSocket, for as long as that takes, or raise one of ``FAILED_OPENING``."""
    tls_options: dict[str, Any] = {"ssl": ssl} if ssl is not None and url.startswith("wss:") else {}
    connection = await connect(
        url,
        proxy=proxy,
        compression=None,
        open_timeout=None,
        ping_interval=None,
        close_timeout=CLOSE_TIMEOUT,
        max_size=MAX_MESSAGE_BYTES,
        **tls_options,
    )
    return Link(connection)
