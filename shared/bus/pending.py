"""Requests that wait for their answers, on one line."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from shared.bus.contract import Line, LineUnavailable, RequestTimeout
from shared.bus.messages import Reply

AGAIN_AFTER: Final = 0.05
"""Seconds until a request that nobody was there for is sent again."""


class PendingRequests:
    """Brings answers to the requests they belong to, by ``request_id``."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._answers: dict[int, asyncio.Future[Reply | None]] = {}

    def __bool__(self) -> bool:
        """Tell whether an answer is waited for."""
        return bool(self._answers)

    async def ask(self, request_id: int, send: Callable[[], Awaitable[None]], timeout: float) -> Reply:
        """Send, wait for the answer and return it; both together take at most ``timeout`` seconds.

        ``send`` returns once the request is on its way. An id that is already waited for is a defect of the caller
        (ValueError). However the wait ends, nothing is left behind: a late answer is dropped.
        """
        if request_id in self._answers:
            raise ValueError(f"expected a request_id that is not in use on {self._line}, got {request_id} again")
        sent = False
        try:
            async with asyncio.timeout(timeout):
                while True:
                    answer: asyncio.Future[Reply | None] = asyncio.get_running_loop().create_future()
                    self._answers[request_id] = answer
                    await send()
                    sent = True
                    if (reply := await answer) is not None:
                        return reply
                    sent = False
                    await asyncio.sleep(AGAIN_AFTER)
        except TimeoutError:
            if sent:
                raise RequestTimeout(f"{self._line} did not answer within {timeout:g} s") from None
            raise LineUnavailable(f"{self._line} could not be reached within {timeout:g} s") from None
        finally:
            self._answers.pop(request_id, None)

    def answer(self, reply: Reply) -> None:
        """Hand a reply to its request; one that nobody waits for any more is dropped."""
        future = self._answers.pop(reply.request_id, None)
        if future is not None and not future.done():
            future.set_result(reply)

    def nobody(self, request_id: int) -> None:
        """Nobody was there for a request: it is sent again."""
        future = self._answers.get(request_id)
        if future is not None and not future.done():
            future.set_result(None)

    def fail(self, error: LineUnavailable) -> None:
        """End every wait with an error."""
        answers, self._answers = self._answers, {}
        for future in answers.values():
            if not future.done():
                future.set_exception(error)
                future.exception()  # marks it as seen: its request may not have come to waiting for it
