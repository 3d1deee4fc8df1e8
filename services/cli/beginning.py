"""Where a stream begins that is to begin in the past: after a seq, or with the last so many events.

A position is a seq in one history of the database, its epoch, and only a gateway knows which history that is; so it
is asked first, over a connection of its own. What was committed in between is no loss: the stream resumes from the
position, and so has all of it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import Any

from services.cli.conversation import Conversation, Happened, Reached, Registered, Resync
from services.cli.errors import StreamRefused
from services.cli.stream import follow
from shared.errors import WaslaError
from shared.positions import Position

TIMEOUT = 10.0
"""Seconds within which a gateway that has just started hears of the database."""

NEAREST, FARTHEST = 100, 100_000
"""Events that are looked through for the last ones: at first, and at most."""

_PAUSE = 0.2


class NoSuchBeginning(WaslaError):
    """The stream has not come as far as the seq that was asked for."""


async def after(url: str, app_name: str, seq: int) -> Position:
    """Return the position after *seq*; raise NoSuchBeginning where that is still to come."""
    present = await _present(url, app_name)
    if seq > present.seq:
        raise NoSuchBeginning(f"expected --since with a seq up to {present.seq}, the newest one, got {seq}")
    return Position(present.epoch, seq)


async def back(url: str, app_name: str, subscription: dict[str, Any] | None, events: int) -> Position:
    """Return the position before the last *events* that are subscribed to, or before as many as there are.

    Nobody knows how far back those lie, so ever longer stretches are read, up to :data:`FARTHEST` events of any kind.
    """
    present = await _present(url, app_name)
    stretch = NEAREST
    while present.seq:
        start = Position(present.epoch, max(0, present.seq - stretch))
        found, is_whole = await _read(url, Conversation(app_name, subscription, position=start), present, events)
        if len(found) == events:
            return Position(present.epoch, found[0] - 1)
        if start.seq == 0 or not is_whole or stretch >= FARTHEST:
            return Position(present.epoch, found[0] - 1 if found else present.seq)
        stretch *= 10
    return present


async def _read(url: str, conversation: Conversation, end: Position, keep: int) -> tuple[deque[int], bool]:
    """Return the seqs of the last events up to *end*, and whether all from the conversation's position were there."""
    found: deque[int] = deque(maxlen=keep)
    async with contextlib.aclosing(follow(url, conversation)) as items:
        async for item in items:
            if isinstance(item, Resync):
                return found, False
            if isinstance(item, Happened) and item.seq <= end.seq:
                found.append(item.seq)
            if isinstance(item, Happened | Reached) and item.seq >= end.seq:
                return found, True
    raise AssertionError("a stream never ends by itself")


async def _present(url: str, app_name: str) -> Position:
    """Ask until the gateway has seen the database: before that it knows neither epoch nor seq."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(TIMEOUT):
            while True:
                registered = await _register(url, app_name)
                if registered.epoch:
                    return Position(registered.epoch, registered.seq)
                await asyncio.sleep(_PAUSE)
    raise StreamRefused(f"the gateway at {url} does not know the database yet; see wasla status, and try again")


async def _register(url: str, app_name: str) -> Registered:
    async with contextlib.aclosing(follow(url, Conversation(app_name))) as items:
        async for item in items:
            if isinstance(item, Registered):
                return item
    raise AssertionError("a stream never ends by itself")
