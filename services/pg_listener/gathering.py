"""Asking every gateway who is connected, and waiting for the answers."""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import Final

from services.pg_listener.roster import Gateways, Gathering
from shared.bus.contract import Peer, Publisher
from shared.bus.messages import RosterAnswer, RosterQuery

TIMEOUT: Final = 0.5
"""Seconds until a gateway that has not answered is named as missing."""

ACQUAINTANCE: Final = 2.0
"""Seconds until every gateway has said hello, as each does once a second; before, nobody knows whose answer lacks."""


class RosterDesk:
    """Gathers rosters; any number at a time."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._gateways = Gateways()
        self._gatherings: dict[str, tuple[Gathering, asyncio.Event]] = {}
        self._knows_from = time.monotonic() + ACQUAINTANCE

    def heard(self, gateway: str) -> None:
        """A gateway said hello."""
        self._gateways.heard(gateway, time.monotonic())

    def answered(self, answer: RosterAnswer) -> None:
        """A gateway answered a query, perhaps too late."""
        self.heard(answer.gateway)
        if answer.query_id not in self._gatherings:
            return
        gathering, complete = self._gatherings[answer.query_id]
        gathering.add(answer)
        if not gathering.missing and time.monotonic() >= self._knows_from:
            complete.set()

    async def gather(self, peer: Peer, request_id: int) -> None:
        """Ask everybody and reply to the peer with what came in time."""
        gathering = Gathering(secrets.token_hex(8), self._gateways.present(time.monotonic()))
        complete = asyncio.Event()
        self._gatherings[gathering.query_id] = gathering, complete
        try:
            self._publisher.publish(RosterQuery(gathering.query_id))
            async with asyncio.timeout(TIMEOUT):
                await complete.wait()
        except TimeoutError:
            pass
        finally:
            del self._gatherings[gathering.query_id]
        self._publisher.reply(peer, gathering.reply(request_id))
