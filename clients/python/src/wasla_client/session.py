"""One client's side of the protocol, without I/O: facts in, effects out.

Every method that takes ``now`` (monotonic seconds, never going back) is a fact; it returns what is to be done, in
order. The shell tells facts in the order in which they happened and carries effects out in theirs. After each fact it
asks :attr:`Session.tick_at` when the next :meth:`Session.tick` is wanted.

========  =====================================================================================
phase     meaning
========  =====================================================================================
IDLE      no link is wanted, or the gateway said that none will be had (``GaveUp``)
DIALLING  a dial was asked for: its delay runs, or the WebSocket is being opened
LINKED    ``register`` was sent; what is said from then on is :mod:`wasla_client.conversation`'s
========  =====================================================================================

The rules, and every number, are described in ``clients/vectors.md`` of the project; ``clients/vectors.json`` is run
through this class.
"""

from __future__ import annotations

import functools
import random as random_source
from collections.abc import Callable, Mapping, Sequence
from enum import Enum, auto
from typing import Any, Concatenate, Final, Literal, NamedTuple, ParamSpec

from wasla_client.backoff import HEALTHY_AFTER
from wasla_client.conversation import Conversation
from wasla_client.dialling import Dialling
from wasla_client.effects import Close, Effect, GaveUp, Lost, StatusChanged
from wasla_client.positions import Position

LOST: Final = 1006
"""RFC 6455 section 7.4.1: a link ended without a close frame."""

P = ParamSpec("P")


class Phase(Enum):
    """See the module."""

    IDLE = auto()
    DIALLING = auto()
    LINKED = auto()


class LinkStatus(NamedTuple):
    """What is known of the link; ``database`` and ``latency_ms`` are None where they are not known."""

    connected: bool
    connecting: bool
    reconnect_attempts: int
    database: Literal["up", "down"] | None
    latency_ms: float | None
    url: str | None


def _changes(before: LinkStatus, after: LinkStatus) -> dict[str, Any]:
    return {name: value for name, value, former in zip(after._fields, after, before, strict=True) if value != former}


Fact = Callable[Concatenate["Session", P], list[Effect]]


def _fact(handler: Fact[P]) -> Fact[P]:
    """Look at the link's health first, and say last what of the status has changed."""

    def told(session: Session, /, *args: P.args, **kwargs: P.kwargs) -> list[Effect]:
        before = session.status
        session._settle(kwargs["now"])  # noqa: SLF001 - part of the class
        effects = handler(session, *args, **kwargs)
        after = session.status
        return effects if after == before else [*effects, StatusChanged(_changes(before, after))]

    functools.update_wrapper(told, handler)
    return told


class Session:
    """A link that is made again whenever it ends, and its place in the stream."""

    def __init__(
        self,
        urls: Sequence[str],
        *,
        app_name: str,
        position: Position | None = None,
        max_queued: int = 50,
        random: Callable[[], float] = random_source.random,
    ) -> None:
        self._phase = Phase.IDLE
        self._dialling = Dialling(urls, random)
        self._conversation = Conversation(app_name, position, max_queued)

    @property
    def status(self) -> LinkStatus:
        """What is known of the link."""
        is_registered = self._conversation.registered_at is not None
        return LinkStatus(
            connected=is_registered,
            connecting=self._phase is not Phase.IDLE and not is_registered,
            reconnect_attempts=self._dialling.backoff.attempts,
            database=self._conversation.database,
            latency_ms=self._conversation.latency_ms,
            url=self._dialling.url,
        )

    @property
    def position(self) -> Position | None:
        """Everything up to here was handed over; None before the first link."""
        return self._conversation.position

    @property
    def last_event_at(self) -> float | None:
        """When an event was last handed over."""
        return self._conversation.last_event_at

    @property
    def tick_at(self) -> float | None:
        """When a tick is wanted at the latest; None: none."""
        if self._phase is Phase.IDLE:
            return None
        if self._phase is Phase.DIALLING:
            return self._dialling.deadline
        registered_at = self._conversation.registered_at
        is_settled = registered_at is None or self._dialling.backoff.is_fresh
        wanted = [self._conversation.tick_at, None if is_settled else (registered_at or 0.0) + HEALTHY_AFTER]
        return min((at for at in wanted if at is not None), default=None)

    # --- the link -------------------------------------------------------------------------------------------------

    @_fact
    def connect(self, *, now: float) -> list[Effect]:
        """A link is wanted."""
        if self._phase is not Phase.IDLE:
            return []
        self._phase = Phase.DIALLING
        return [self._dialling.begin(now)]

    @_fact
    def opened(self, token: str | None = None, *, now: float) -> list[Effect]:
        """The WebSocket is open; *token* was obtained for it."""
        if self._phase is not Phase.DIALLING:
            return []
        self._phase = Phase.LINKED
        return self._conversation.begin(token, now)

    @_fact
    def received(self, text: str | bytes, *, now: float) -> list[Effect]:
        """A text frame came."""
        return self._or_leave(self._conversation.read(text, now), now) if self._phase is Phase.LINKED else []

    @_fact
    def closed(self, code: int, *, now: float) -> list[Effect]:
        """The link, or the attempt to make it, ended; 1006 where no code came."""
        if self._phase is Phase.IDLE:
            return []
        if 4500 <= code <= 4999:
            return [*self._stand_still(code), GaveUp(code)]
        lost = self._lose(code)
        return [*lost, self._dialling.after_drain(now) if code == 1001 else self._dialling.after_loss(now)]

    @_fact
    def tick(self, *, now: float) -> list[Effect]:
        """Time has passed."""
        if self._phase is Phase.LINKED:
            return self._or_leave(self._conversation.tick(now), now)
        is_late = self._phase is Phase.DIALLING and now >= self._dialling.deadline
        return self._or_leave([Close(4004)], now) if is_late else []

    @_fact
    def wake(self, *, now: float) -> list[Effect]:
        """The machine or its network is back: do not wait, and do not trust."""
        if self._phase is Phase.LINKED:
            return self._conversation.wake(now)
        sooner = self._dialling.hasten(now) if self._phase is Phase.DIALLING else None
        return [] if sooner is None else [sooner]

    @_fact
    def disconnect(self, *, now: float) -> list[Effect]:  # noqa: ARG002 - every fact has a time
        """No link is wanted; position and subscriptions stay for the next ``connect``."""
        if self._phase is Phase.IDLE:
            return []
        return [Close(1000), *self._stand_still(1000)]

    @_fact
    def hold(self, *, now: float) -> list[Effect]:  # noqa: ARG002 - every fact has a time
        """The application is slower than the stream: nothing is read until ``release``."""
        self._conversation.hold()
        return []

    @_fact
    def release(self, *, now: float) -> list[Effect]:
        """Reading goes on."""
        self._conversation.release(now)
        return []

    # --- what the application asks for ----------------------------------------------------------------------------

    @_fact
    def subscribe(self, subscription: Mapping[str, Any], *, now: float) -> list[Effect]:  # noqa: ARG002
        """Ask for events, now and on every later link; an ``id`` in use replaces that subscription."""
        return self._conversation.subscribe(subscription)

    @_fact
    def unsubscribe(self, identifier: str, *, now: float) -> list[Effect]:  # noqa: ARG002 - every fact has a time
        """Ask no longer."""
        return self._conversation.unsubscribe(identifier)

    @_fact
    def broadcast(self, data: Mapping[str, Any], *, queue: bool = False, now: float) -> list[Effect]:  # noqa: ARG002
        """Tell other clients something; without a link it waits if *queue*, as long as there is room."""
        return self._conversation.broadcast(data, queue=queue)

    @_fact
    def ask_clients(self, data: Mapping[str, Any], *, now: float) -> list[Effect]:  # noqa: ARG002
        """Ask who is there."""
        return self._conversation.ask("clients", data)

    @_fact
    def offer_token(self, token: str, *, now: float) -> list[Effect]:  # noqa: ARG002 - every fact has a time
        """A fresh token is there; without a link the next ``opened`` carries it."""
        return self._conversation.offer_token(token)

    # --- steps that several facts take ----------------------------------------------------------------------------

    def _settle(self, now: Any) -> None:
        registered_at = self._conversation.registered_at
        if registered_at is not None and now >= registered_at + HEALTHY_AFTER:
            self._dialling.backoff.reset()

    def _or_leave(self, effects: list[Effect], now: float) -> list[Effect]:
        """Return *effects*, and the next dial where they leave the link."""
        code = next((effect.code for effect in effects if isinstance(effect, Close)), None)
        if code is None:
            return effects
        lost = self._lose(code)
        return [*effects, *lost, self._dialling.after_loss(now)]

    def _lose(self, code: int) -> list[Effect]:
        self._phase = Phase.DIALLING
        return self._end(code)

    def _stand_still(self, code: int) -> list[Effect]:
        self._phase = Phase.IDLE
        self._dialling.backoff.reset()
        return self._end(code)

    def _end(self, code: int) -> list[Effect]:
        """End what was said on the link; return that it was lost, if it stood."""
        stood = self._conversation.registered_at is not None
        self._conversation.end()
        return [Lost(self._dialling.url or "", code)] if stood else []
