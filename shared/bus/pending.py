"""Requests that wait for their answers, on one line."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from shared.bus.contract import Line, LineUnavailable, RequestTimeout
from shared.bus.messages import Reply


class PendingRequests:
    """Brings answers to the requests they belong to, by ``request_id``."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._answers: dict[int, asyncio.Future[Reply]] = {}

    async def ask(self, request_id: int, send: Callable[[], Awaitable[None]], timeout: float) -> Reply:
        """Send, wait for the answer and return it; both together take at most ``timeout`` seconds.

        ``send`` returns once the request is on its way. An id that is already waited for is a defect of the caller
        (ValueError). However the wait ends, nothing is left behind: a late answer is dropped.
        """
        answer = self._open(request_id)
        sent = False
        try:
            async with asyncio.timeout(timeout):
                await send()
                sent = True
                return await answer
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

    def fail(self, error: LineUnavailable) -> None:
        """End every wait with an error."""
        answers, self._answers = self._answers, {}
        for future in answers.values():
            if not future.done():
                future.set_exception(error)
                future.exception()  # marks it as seen: its request may not have come to waiting for it

    def _open(self, request_id: int) -> asyncio.Future[Reply]:
        if request_id in self._answers:
            raise ValueError(f"expected a request_id that is not in use on {self._line}, got {request_id} again")
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._answers[request_id] = answer
        return answer
