"""A reader: one registered client as delivery sees it, a cursor and a way to write.

The states, and who is responsible for what a reader has not been sent yet::

    LIVE      stands at the ring's top; is written to with its group
    READY     stands before the top and can be written to; is served in turns
    PAUSED    its transport is above the high-water mark; nothing is written until it reads
    STARVED   what follows its cursor has left the ring; waits for a page from the log
    AHEAD     resumed from a position that has not arrived here yet
    PENDING   resumed before the stream was joined; the first position decides
    GONE      disconnected, or being closed

"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum, auto

from services.gateway.rights.views import View
from services.gateway.subscriptions import Interest

Write = Callable[[bytes], object]


class ReaderState(Enum):
    """Where a reader stands; see the module."""

    LIVE = auto()
    READY = auto()
    PAUSED = auto()
    STARVED = auto()
    AHEAD = auto()
    PENDING = auto()
    GONE = auto()


class Group:
    """Readers with equal interests and rights. ``view`` None: they see everything.

    At the top are ``live`` and, where they take compressed messages, ``deflating``; ``told`` is the last seq a frame
    told all of them.
    """

    __slots__ = ("deflating", "interest", "live", "told", "view")

    def __init__(self, interest: Interest, view: View | None = None) -> None:
        self.interest = interest
        self.view = view
        self.live: dict[Reader, Write] = {}
        self.deflating: dict[Reader, Write] = {}
        self.told = 0

    def live_with(self, reader: Reader) -> dict[Reader, Write]:
        """Return those at the top that are written the same as *reader*."""
        return self.deflating if reader.deflates else self.live

    def all_live(self) -> Iterator[Reader]:
        """Yield everybody at the top."""
        yield from self.live
        yield from self.deflating


class Reader:
    """One client's cursor: everything up to ``cursor`` that matches was written.

    While LIVE the cursor is the ring's top and is not kept here. ``told`` is the largest seq a frame of its own told
    it. ``owed`` is the reason of a ``resync`` that waits until the transport can take it. ``since`` is when it came
    to be AHEAD, in monotonic seconds. ``deflates``: it takes compressed messages.
    """

    __slots__ = ("cursor", "deflates", "epoch", "group", "owed", "paused", "since", "state", "told", "write")

    def __init__(self, write: Write, group: Group, *, deflates: bool = False) -> None:
        self.write = write
        self.group = group
        self.deflates = deflates
        self.cursor = 0
        self.epoch = ""
        self.told = 0
        self.paused = False
        self.owed: str | None = None
        self.since = 0.0
        self.state = ReaderState.GONE
