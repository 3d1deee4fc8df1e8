"""Who comes, counted by where from: how many are here, how many come in a second, how much history they ask for.

A connection is counted from the moment it is accepted, before it costs a TLS handshake, until it is gone. One that a
trusted proxy makes is counted by the client's address, as soon as its request tells that. ``now`` is monotonic seconds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from http import HTTPStatus
from typing import Final

from services.gateway.access.audit import Audit
from services.gateway.limits import Limit
from services.gateway.settings import GatewaySettings
from shared.access.addresses import Address
from shared.access.sources import Sources
from shared.access.visitors import SiteRates

SPARE: Final = 128
"""Connections beyond ``WASLA_MAX_CONNECTIONS`` that are heard out, to be told so with a close code."""

LATER: Final = 10
"""Seconds after which whoever found no room may try again."""

RESUME_PATIENCE: Final = 10.0
"""Seconds that a client may be asked to wait for what it missed; where that takes longer it reloads instead."""


class Replay(Enum):
    """What becomes of a client that asks for events again: it has them, it comes again for them, or it reloads."""

    NOW = auto()
    LATER = auto()
    NEVER = auto()


@dataclass(slots=True, eq=False)
class Visit:
    """One connection: where it comes from, for people, and what it is counted under. ``site`` None: under nothing."""

    remote: str | None
    is_proxys: bool = False
    site: int | None = None
    is_over: bool = False


class TurnedAway(Exception):
    """Somebody may not come in now: ``status`` and ``sentence`` for the client, ``retry_after`` in whole seconds."""

    def __init__(self, limit: Limit, retry_after: int) -> None:
        self.limit = limit
        self.status, self.sentence = _ANSWERS[limit]
        self.retry_after = retry_after
        super().__init__(self.sentence)


_ANSWERS: Final = {
    Limit.CONNECTIONS: (
        HTTPStatus.SERVICE_UNAVAILABLE,
        "this gateway is full: connect again later, or to another one\n",
    ),
    Limit.ADDRESS_CONNECTIONS: (
        HTTPStatus.TOO_MANY_REQUESTS,
        "too many connections from your address are open: close some, or connect again later\n",
    ),
    Limit.CONNECT_RATE: (
        HTTPStatus.TOO_MANY_REQUESTS,
        "too many connections come from your address: connect again after a while\n",
    ),
}


class Turnstile:
    """``reached`` counts how often each limit was. Raises ConfigurationError for settings that name no network."""

    def __init__(self, settings: GatewaySettings, audit: Audit, monotonic: Callable[[], float]) -> None:
        self.reached: Counter[Limit] = Counter(dict.fromkeys(Limit, 0))
        self._audit = audit
        self._monotonic = monotonic
        self._sources = Sources(settings)
        self._max_here = settings.max_connections_per_address
        self._connects = SiteRates(rate=settings.max_connects_per_second, burst=settings.max_connections_per_address)
        self._resumes = SiteRates(rate=settings.max_resumed_events_per_second, burst=settings.max_resume_events)
        self._put_off = SiteRates(
            rate=settings.max_resumed_events_per_second, burst=settings.max_resumed_events_per_second * RESUME_PATIENCE
        )
        self._here: Counter[int] = Counter()
        self.inside = 0

    @property
    def forwarded_header(self) -> str:
        """The header that trusted proxies write."""
        return self._sources.header

    def arrive(self, peer: str | None, max_connections: int) -> Visit:
        """Let a connection in that was accepted from *peer*, or raise TurnedAway."""
        if self.inside >= max_connections + SPARE:
            raise self._turned_away(Limit.CONNECTIONS, peer, LATER)
        visit = Visit(peer, is_proxys=self._sources.is_proxy(peer))
        if not visit.is_proxys:
            self._count(visit, self._sources.client(peer, ()))
        self.inside += 1
        return visit

    def introduce(self, visit: Visit, lines: Sequence[str]) -> None:
        """Learn from a request whom a proxy speaks for, or raise TurnedAway; *lines* are its forwarded headers."""
        if visit.is_proxys and visit.site is None:
            found = self._sources.client(visit.remote, lines)
            visit.remote = str(found)
            self._count(visit, found)

    def leave(self, visit: Visit) -> None:
        """Forget a connection. Idempotent."""
        if visit.is_over:
            return
        visit.is_over = True
        self.inside -= 1
        if visit.site is not None:
            self._here[visit.site] -= 1
            if not self._here[visit.site]:
                del self._here[visit.site]

    def replay(self, visit: Visit, events: int) -> Replay:
        """Tell whether a client's address may have so many events again now, and count them if so; note it if not.

        Put off are no more of an address together than could be served within RESUME_PATIENCE: everybody else would
        come again and again for a place that another has taken.
        """
        site, now = visit.site, self._monotonic()
        if site is None or self._resumes.takes(site, now, events):
            return Replay.NOW
        self.note(Limit.RESUME_RATE, visit.remote)
        is_soon = self._resumes.wait(site, now, events) <= RESUME_PATIENCE
        return Replay.LATER if is_soon and self._put_off.takes(site, now, events) else Replay.NEVER

    def note(self, limit: Limit, remote: str | None) -> None:
        """Count that somebody reached a limit, and put it on record."""
        self.reached[limit] += 1
        self._audit.limited(limit, remote, self._monotonic())

    def _count(self, visit: Visit, found: Address | None) -> None:
        where, now = self._sources.counted_as(found), self._monotonic()
        if where is None:
            return
        if self._here[where] >= self._max_here:
            raise self._turned_away(Limit.ADDRESS_CONNECTIONS, visit.remote, LATER)
        if not self._connects.takes(where, now):
            raise self._turned_away(Limit.CONNECT_RATE, visit.remote, self._connects.retry_after(where, now))
        self._here[where] += 1
        visit.site = where

    def _turned_away(self, limit: Limit, remote: str | None, retry_after: int) -> TurnedAway:
        self.note(limit, remote)
        return TurnedAway(limit, retry_after)
