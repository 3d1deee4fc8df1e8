"""Which address is dialled, and when: round and round the list, with backoff. No clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from wasla_client.backoff import Backoff
from wasla_client.effects import Dial

OPENING_TIMEOUT: Final = 10.0
"""Seconds in which a WebSocket is to open, after the delay."""


class Dialling:
    """The dials of one session; ``url`` is the address last dialled. Times are monotonic seconds."""

    __slots__ = ("_begins_at", "_turn", "_urls", "backoff", "url")

    def __init__(self, urls: Sequence[str], draw: Callable[[], float]) -> None:
        self._urls = list(urls)
        self._turn = 0
        self._begins_at = 0.0
        self.backoff = Backoff(draw)
        self.url: str | None = None

    @property
    def deadline(self) -> float:
        """When the dial has failed unless it has opened."""
        return self._begins_at + OPENING_TIMEOUT

    def begin(self, now: float) -> Dial:
        """Return the dial of the address whose turn it is, at once."""
        return self._dial(0.0, now)

    def after_loss(self, now: float) -> Dial:
        """Return the dial of the next address, after a delay."""
        self._advance()
        return self._dial(self.backoff.after_loss(), now)

    def after_drain(self, now: float) -> Dial:
        """Return the dial of the next address where a gateway has sent its clients there."""
        self._advance()
        return self._dial(self.backoff.after_drain(len(self._urls)), now)

    def hasten(self, now: float) -> Dial | None:
        """Return the dial that does not wait for its delay any longer; None: its delay is over."""
        return self._dial(0.0, now) if now < self._begins_at else None

    def _advance(self) -> None:
        self._turn = (self._turn + 1) % len(self._urls)

    def _dial(self, delay: float, now: float) -> Dial:
        self._begins_at = now + delay
        self.url = self._urls[self._turn]
        return Dial(self.url, delay)
