"""The bus as its users see it; :mod:`shared.bus.zeromq`, :mod:`shared.bus.jetstream` and :mod:`shared.bus.memory`
implement it.

Promises, the same for every implementation (``tests/contracts/bus`` runs over each):

- What one listener publishes arrives at a subscriber in order, or not at all: messages may be lost (a late
  joiner, a full queue, a broken link), never reordered or doubled on one line. Batches may come joined together; a
  bus that stores them brings those of all listeners by one line of its own, and may bring a stretch again that it had
  lost.
- A request is answered once, or :meth:`Subscriber.request` raises :exc:`RequestTimeout` / :exc:`LineUnavailable`.
- A slow or dead subscriber never blocks :meth:`Publisher.publish`.
- Both ends survive the other's restart without being told: a line heals by itself.
- A request made while nobody is connected waits for it within its timeout, and is never delivered after that.
- ``close()`` returns within a second, whatever the peers do; pending requests and ``receive()`` raise
  :exc:`LineUnavailable`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

from shared.bus.messages import FromGateway, Notice, Published, Reply, Request
from shared.errors import BusError
from shared.events import Event

Peer = bytes
"""Names a subscriber to the publisher it asked; opaque, valid until that subscriber restarts."""

Line = str
"""Names the publisher a subscriber heard: the address it is connected to, or the name it is known by."""

Recall = Callable[[str, int], Awaitable[Sequence[Event]]]
"""Reads again, out of memory or the log, what follows a position of an epoch; empty where that cannot be had."""


class Standing(NamedTuple):
    """Where a stored stream ends, as the bus itself says while no listener does."""

    epoch: str
    top_seq: int


Heard = Published | Standing


class RequestTimeout(BusError):
    """No answer came in time; the request may or may not have been carried out."""


class LineUnavailable(BusError):
    """There is no such line, nobody was connected to it, or the bus is closed: unless it was closed during the wait
    for an answer, the request was not sent."""


class Publisher(Protocol):
    """The listener's end."""

    def publish(self, message: Published) -> None:
        """Send to every subscriber, without waiting. What does not fit a subscriber's queue is lost to it."""

    def recall_by(self, recall: Recall) -> None:
        """Name where a bus that stores what is published may read it again; without meaning to any other."""

    async def receive(self) -> tuple[Peer, FromGateway]:
        """Return the next request or notice. Malformed messages are counted and skipped, never raised."""

    def reply(self, peer: Peer, reply: Reply) -> None:
        """Answer a request; an answer to a peer that has gone is dropped."""

    async def close(self) -> None:
        """Release the sockets. Idempotent."""


class Subscriber(Protocol):
    """The gateway's end, connected to any number of listeners."""

    @property
    def shared_stream(self) -> bool:
        """Whether batches come by a line of the bus's own, and not by those of the listeners that beat."""

    @property
    def malformed(self) -> int:
        """How many messages were skipped because they could not be read."""

    @property
    def refusals(self) -> Mapping[Line, int]:
        """How often each line has refused this end."""

    @property
    def lines(self) -> Sequence[Line]:
        """The listeners: those that are configured, in that order, or else those that were heard."""

    async def receive(self) -> tuple[Line, Heard]:
        """Return the next published message, whichever line it came by."""

    def receive_waiting(self) -> tuple[Line, Heard] | None:
        """Return a published message that is here already, or None."""

    async def request(self, line: Line, request: Request, *, timeout: float) -> Reply:
        """Ask one listener and wait for its answer, at most ``timeout`` seconds.

        A replay is answered from a stored stream where that holds the position. Cancelling the call forgets the
        request; its late answer is dropped.
        """

    def notify(self, line: Line, notice: Notice) -> None:
        """Tell one listener something that needs no answer, without waiting; may be lost."""

    async def close(self) -> None:
        """Release the sockets. Idempotent."""
