"""Asking one listener over core NATS, and hearing its answers.

A server says at once when nobody listens at a subject, for the very request: it is then sent again until somebody
does. Every answer comes to a subject that ends with the listener and the number of the request.
"""

from __future__ import annotations

import asyncio
from typing import Final

from shared.bus.codec import encode
from shared.bus.contract import Line, LineUnavailable, RequestTimeout
from shared.bus.jetstream.connection import Connection
from shared.bus.messages import Notice, Reply, Request

AGAIN_AFTER: Final = 0.05
"""Seconds until a request that nobody was there for is sent again."""

NOTICE: Final = 0
"""In place of a request's number in the subject of an answer that is not expected."""


class Desk:
    """One line; ``subject`` is where it is asked, ``inbox`` what the subjects of its answers begin with."""

    def __init__(self, connection: Connection, line: Line, subject: str, inbox: str) -> None:
        self._connection = connection
        self._line = line
        self._subject = subject
        self._inbox = inbox
        self._answers: dict[int, asyncio.Future[Reply | None]] = {}
        self._failure: LineUnavailable | None = None

    @property
    def is_asked(self) -> bool:
        """Whether an answer is waited for."""
        return bool(self._answers)

    async def ask(self, request: Request, timeout: float) -> Reply:
        """Ask once the listener can be reached and return its answer; raise as the contract says."""
        payload = encode(request)
        number = request.request_id
        if number in self._answers:
            raise ValueError(f"expected a request_id that is not in use on {self._line}, got {number} again")
        is_sent = False
        try:
            async with asyncio.timeout(timeout):
                while self._failure is None:
                    answer: asyncio.Future[Reply | None] = asyncio.get_running_loop().create_future()
                    self._answers[number] = answer
                    is_sent = self._connection.send(self._subject, payload, reply=f"{self._inbox}.{number}")
                    if is_sent and (reply := await answer) is not None:
                        return reply
                    is_sent = False
                    await asyncio.sleep(AGAIN_AFTER)
                raise self._failure
        except TimeoutError:
            if is_sent:
                raise RequestTimeout(f"{self._line} did not answer within {timeout:g} s") from None
            raise LineUnavailable(f"{self._line} could not be reached within {timeout:g} s") from None
        finally:
            self._answers.pop(number, None)

    def tell(self, notice: Notice) -> None:
        """Send and forget."""
        self._connection.send(self._subject, encode(notice), reply=f"{self._inbox}.{NOTICE}")

    def answered(self, reply: Reply) -> None:
        """Hand a reply to its request; one that nobody waits for any more is dropped."""
        self._settle(reply.request_id, reply)

    def nobody(self, number: int) -> None:
        """Nobody was there for a request."""
        self._settle(number, None)

    def fail(self, error: LineUnavailable) -> None:
        """End every wait with an error, now and from now on."""
        self._failure = error
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(error)
                answer.exception()  # marks it as seen: its request may not have come to waiting for it

    def _settle(self, number: int, reply: Reply | None) -> None:
        answer = self._answers.get(number)
        if answer is not None and not answer.done():
            answer.set_result(reply)
