"""Questions under way on the present link: each gets its answer, an error, or the end of the link."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from wasla_client.errors import Rejected
from wasla_client.events import Notice

ANSWERS: Final = {"clients": "clients", "broadcast": "broadcasted"}
"""What a question is answered with."""

Answered = asyncio.Future[Mapping[str, Any]]


class Questions:
    """Answers with an id find their question by it; one without finds the first of its type that is open."""

    def __init__(self) -> None:
        self._open: dict[str, tuple[str, Answered]] = {}
        self._count = 0

    def __bool__(self) -> bool:
        return bool(self._open)

    @contextmanager
    def ask(self, answer_type: str) -> Iterator[tuple[str, Answered]]:
        """Open a question: its id, and what becomes its answer."""
        self._count += 1
        identifier = f"q{self._count}"
        answered: Answered = asyncio.get_running_loop().create_future()
        self._open[identifier] = (answer_type, answered)
        try:
            yield identifier, answered
        finally:
            del self._open[identifier]

    def answer(self, answer_type: str, data: Mapping[str, Any]) -> None:
        """An answer came; one that nobody waits for any more is nothing."""
        found = self._find(answer_type, data.get("id"))
        if found is not None:
            found.set_result(data)

    def reject(self, notice: Notice) -> bool:
        """An ``error`` came; tell whether it answers a question."""
        answer_type = ANSWERS.get(notice.in_reply_to or "")
        found = None if answer_type is None else self._find(answer_type, notice.id)
        if found is None:
            return False
        found.set_exception(Rejected(notice.code, notice.reason, notice.in_reply_to))
        return True

    def fail(self, error: Exception) -> None:
        """Nothing will be answered any more."""
        for _, answered in self._open.values():
            if not answered.done():
                answered.set_exception(error)

    def _find(self, answer_type: str, identifier: object) -> Answered | None:
        for key, (wanted, answered) in self._open.items():
            if wanted == answer_type and identifier in (key, None) and not answered.done():
                return answered
        return None
