"""TLS handshakes of strangers: each begins in a stranger's turn, and only so many are under way at a time.

A handshake costs a private key's signature, as much processor time as hundreds of deliveries, and tens of KiB until
it is done. So one begins when its first bytes are there and its turn has come (:mod:`services.gateway.turns`); who
connects and says nothing costs a socket. What is under way is bounded, because a handshake may be brought to the
point of its signature and completed by thousands at the same moment: where one more begins, another has to go, of the
site that has the most under way. In a flood that is the attackers' part to lose. It is any of those and not the
oldest, or a link that is slow would lose its own each time it tries.
"""

from __future__ import annotations

import asyncio
import random
import socket
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from services.gateway.turns import Turns

MAX_UNDER_WAY: Final = 500
"""Handshakes; all their signatures together hold the loop for less than the watchdog's patience."""


class GivenUp(TimeoutError):
    """A handshake had to go, because too many were under way."""


class TlsTurns:
    """The handshakes of one port. ``under_way`` is how many were begun and are not done."""

    def __init__(self, strangers: Turns, max_under_way: int = MAX_UNDER_WAY) -> None:
        self._strangers = strangers
        self._max_under_way = max_under_way
        self._begun: dict[asyncio.Timeout, int | None] = {}

    @property
    def under_way(self) -> int:
        """See the class."""
        return len(self._begun)

    @asynccontextmanager
    async def turn(self, sock: socket.socket, *, patience: float, site: int | None = None) -> AsyncIterator[None]:
        """Wait for the first bytes and for their turn; the handshake is to be done within the block.

        Raise TimeoutError after *patience* seconds of silence, and GivenUp where another takes its place. What else
        ends the block, cancellation too, leaves nothing behind. Who has no *site* counts as of one with all such.
        """
        async with asyncio.timeout(patience):
            await _readable(sock)
        await self._next_turn()
        while len(self._begun) >= self._max_under_way:
            self._give_up_one()
        place = asyncio.timeout(None)
        try:
            async with place:
                self._begun[place] = site
                try:
                    yield
                finally:
                    self._begun.pop(place, None)
        except TimeoutError as error:
            if place.expired():
                raise GivenUp from error
            raise

    async def _next_turn(self) -> None:
        mine = asyncio.get_running_loop().create_future()
        self._strangers.ask(lambda: None if mine.done() else mine.set_result(None))
        await mine

    def _give_up_one(self) -> None:
        counts = Counter(self._begun.values())
        most = max(counts.values())
        places = [place for place, site in self._begun.items() if counts[site] == most]
        place = random.choice(places)  # noqa: S311 - whoever foresees it wins a place, and no secret
        del self._begun[place]
        place.reschedule(asyncio.get_running_loop().time())


async def _readable(sock: socket.socket) -> None:
    """Return when there is something to read, or the other end is gone."""
    loop = asyncio.get_running_loop()
    readable: asyncio.Future[None] = loop.create_future()
    loop.add_reader(sock, lambda: None if readable.done() else readable.set_result(None))
    try:
        await readable
    finally:
        loop.remove_reader(sock)
