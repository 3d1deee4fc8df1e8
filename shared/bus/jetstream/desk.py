"""Asking one listener over core NATS, and hearing its answers.

A server says at once when nobody listens at a subject, for the very request: it is then sent again until somebody
does. Every answer comes to a subject that ends with the listener and the number of the request.
"""

from __future__ import annotations

import asyncio
from typing import Final

from shared.bus.codec import encode
from shared.bus.contract import Line, LineUnavailable
from shared.bus.jetstream.connection import Connection
from shared.bus.messages import Notice, Reply, Request
from shared.bus.pending import AGAIN_AFTER, PendingRequests

NOTICE: Final = 0
"""In place of a request's number in the subject of an answer that is not expected."""


class Desk:
    """One line; ``subject`` is where it is asked, ``inbox`` what the subjects of its answers begin with."""

    def __init__(self, connection: Connection, line: Line, subject: str, inbox: str) -> None:
        self._connection = connection
        self._subject = subject
        self._inbox = inbox
        self._pending = PendingRequests(line)
        self._failure: LineUnavailable | None = None

    @property
    def is_asked(self) -> bool:
        """Whether an answer is waited for."""
        return bool(self._pending)

    async def ask(self, request: Request, timeout: float) -> Reply:
        """Ask once the listener can be reached and return its answer; raise as the contract says."""
        number, payload = request.request_id, encode(request)
        return await self._pending.ask(number, lambda: self._send(number, payload), timeout)

    def tell(self, notice: Notice) -> None:
        """Send and forget."""
        self._connection.send(self._subject, encode(notice), reply=f"{self._inbox}.{NOTICE}")

    def answered(self, reply: Reply) -> None:
        """Hand a reply to its request; one that nobody waits for any more is dropped."""
        self._pending.answer(reply)

    def nobody(self, number: int) -> None:
        """Nobody was there for a request."""
        self._pending.nobody(number)

    def fail(self, error: LineUnavailable) -> None:
        """End every wait with an error, now and from now on."""
        self._failure = error
        self._pending.fail(error)

    async def _send(self, number: int, payload: bytes) -> None:
        while self._failure is None:
            if self._connection.send(self._subject, payload, reply=f"{self._inbox}.{number}"):
                return
            await asyncio.sleep(AGAIN_AFTER)
        raise self._failure
