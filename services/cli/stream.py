"""Live events for a command: the socket under a :class:`~services.cli.conversation.Conversation`.

``async for item in follow(url, conversation)`` yields what the server says and, when a connection that once stood is
lost, a :class:`Lost`; it then connects again for ever, with backoff, and resumes. The very first connection is not
retried: an address where nothing answers raises PeerUnreachable at once. StreamRefused ends it too. Leaving the loop
early is what ends it in an orderly way: close the generator (``contextlib.aclosing``) and the socket is closed.
"""

from __future__ import annotations

import asyncio
import http
import ssl
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from services.cli.conversation import Conversation, Item
from services.cli.errors import PeerUnreachable, StreamRefused
from services.cli.introducing import to_gateway
from shared.access.own_tools import Introduction
from shared.backoff import Backoff
from shared.close_codes import INSTRUCTIONS, CloseCode, may_reconnect
from shared.errors import ConfigurationError

OPEN_TIMEOUT = 5.0
PING_INTERVAL = 15.0
"""Seconds between pings, and until an unanswered one means that the link is dead."""

_TURNED_AWAY = (http.HTTPStatus.TOO_MANY_REQUESTS, http.HTTPStatus.SERVICE_UNAVAILABLE)

HEALTHY_AFTER = 30.0
"""Seconds a connection has to stand before the backoff starts from its first delay again."""


@dataclass(frozen=True, slots=True)
class Lost:
    """The connection ended; the next try is ``retry_in`` seconds away."""

    reason: str
    retry_in: float


async def follow(
    url: str, conversation: Conversation, *, backoff: Backoff | None = None
) -> AsyncGenerator[Item | Lost]:
    """Yield what the gateway at *url* says, for ever, over as many connections as it takes."""
    retry = backoff or Backoff()
    has_stood = False
    while True:
        lost: Lost
        try:
            introduction = to_gateway(url)
            async with _open(url, introduction) as connection:
                opened_at = time.monotonic()
                await connection.send(conversation.opening(time.time(), introduction.token))
                try:
                    async for frame in connection:
                        item = conversation.receive(_text(frame))
                        if item is not None:
                            has_stood = True
                            yield item
                finally:
                    if time.monotonic() - opened_at >= HEALTHY_AFTER:
                        retry.succeeded()
            lost = _lost(connection, retry)
        except ConnectionClosed:
            lost = _lost(connection, retry)
        except (OSError, TimeoutError, InvalidHandshake) as error:
            if not has_stood:
                raise PeerUnreachable(_unreachable(url, error)) from None
            lost = Lost(_unreachable(url, error), retry.next_delay())
        yield lost
        await asyncio.sleep(lost.retry_in)


def _open(url: str, introduction: Introduction) -> connect:
    # An event may be as large as a row, so frames are not bounded here. The environment's HTTP proxy is not for us.
    try:
        return connect(
            url,
            ssl=introduction.tls,
            proxy=None,
            max_size=None,
            open_timeout=OPEN_TIMEOUT,
            ping_interval=PING_INTERVAL,
            ping_timeout=PING_INTERVAL,
            close_timeout=1.0,
        )
    except InvalidURI as error:
        raise ConfigurationError(f"expected an address such as ws://127.0.0.1:8765, but {error}") from None


def _text(frame: str | bytes) -> str:
    if isinstance(frame, bytes):
        raise StreamRefused("expected text frames, got a binary one; check that the address is a Wasla gateway's")
    return frame


def _lost(connection: ClientConnection, retry: Backoff) -> Lost:
    """Read the close code as the instruction it is; raise StreamRefused where it says not to come back."""
    code = connection.close_code or 1006
    known = INSTRUCTIONS[CloseCode(code)] if code in INSTRUCTIONS else None
    reason = f"closed with {code} ({known.advice})" if known else f"closed with {code} {connection.close_reason or ''}"
    if not may_reconnect(code):
        raise StreamRefused(f"the gateway ended the connection: {reason.strip()}")
    delay = retry.next_delay()
    return Lost(reason.strip(), 0.0 if code == CloseCode.GOING_AWAY and retry.attempts == 1 else delay)


def _unreachable(url: str, error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"the gateway at {url} shows a certificate that is not trusted ({error.verify_message}); name its "
            "authority's file in SSL_CERT_FILE, or use a name that the certificate bears"
        )
    if isinstance(error, InvalidStatus) and error.response.status_code in _TURNED_AWAY:
        said = (error.response.body or b"").decode(errors="replace").strip()[:200]
        return f"the gateway at {url} turned this away ({error.response.status_code}): {said or 'try again later'}"
    reason = str(error) or type(error).__name__
    return f"no gateway answers at {url} ({reason}); start one with ./run, or correct WASLA_HOST and WASLA_PORT"
