"""The asyncio client: streams of events over a link that is made again whenever it ends.

Order of use: ``async with connect(...) as client``, then streams and questions. The first use opens the link; all
streams made before the first ``await`` are part of the first ``register``, so that a saved position holds for all of
them. Leaving the block ends the link, the streams and the handlers.

The client reads the socket only as fast as its slowest stream is read: what waits here is bounded (``max_waiting``
events or 16 MiB for each stream), the rest waits with the gateway, which serves a slow client from where it stands.
While a question is open the client reads on, or its answer could never come.

An instance belongs to one event loop. Cancelling any of its coroutines is safe.
"""

from __future__ import annotations

import asyncio
import logging
import ssl as tls
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal, Self, TypeAlias, Unpack, overload

from wasla_client import events as handed
from wasla_client import messages
from wasla_client.audience import Audience
from wasla_client.driver import Driver, Opening, TokenSource, sends
from wasla_client.effects import (
    Answer,
    Effect,
    HandCustomEvent,
    HandEvent,
    Refused,
    StatusChanged,
    TellResync,
)
from wasla_client.effects import (
    GaveUp as GaveUpEffect,
)
from wasla_client.effects import (
    Notice as NoticeEffect,
)
from wasla_client.errors import ClientClosed, GaveUp, NoAnswer, NotConnected, QueueFull, Rejected, WaslaError
from wasla_client.events import CustomEvent, Item, Notice, Resync, Roster, Status
from wasla_client.listeners import Listeners
from wasla_client.positions import Position
from wasla_client.questions import Questions
from wasla_client.session import Session
from wasla_client.streams import EventStream
from wasla_client.wanted import Parts, wanted

log = logging.getLogger("wasla_client")

Handler: TypeAlias = Callable[[Item], Awaitable[None] | None]

NOTHING: Final = {"id": "nothing", "events": ["TEST"]}
"""Asked for while there is no stream: a client without any subscription would be sent everything."""


def connect(
    urls: str | Sequence[str],
    *,
    app_name: str,
    token: TokenSource = None,
    position: Position | None = None,
    max_waiting: int = 1000,
    max_queued: int = 50,
    ssl: tls.SSLContext | None = None,
    proxy: str | Literal[True] | None = True,
) -> Client:
    """Return a client for ``async with``.

    *urls* are tried in turn. *app_name* (1 to 64 characters) is what others see. *token* is one, or a coroutine
    function that obtains one. *position* is where an earlier client stood. *ssl* is for a private authority, *proxy*
    as in ``websockets``: True takes it from the environment.
    """
    addresses = [urls] if isinstance(urls, str) else list(urls)
    if not addresses or not all(address.startswith(("ws://", "wss://")) for address in addresses):
        raise ValueError(f"Expected addresses like ws://127.0.0.1:8765 or wss://host, got {urls!r}.")
    if not 1 <= len(app_name) <= 64:
        raise ValueError(f"Expected an app_name of 1 to 64 characters, got {len(app_name)}.")
    session = Session(addresses, app_name=app_name, position=position, max_queued=max_queued)
    return Client(session, Opening(token, ssl, proxy), max_waiting=max_waiting, max_queued=max_queued)


class Client:
    """One application's link; made by :func:`connect`."""

    def __init__(self, session: Session, opening: Opening, *, max_waiting: int, max_queued: int) -> None:
        self._session = session
        self._opening = opening
        self._max_queued = max_queued
        self._driver: Driver | None = None
        self._audience = Audience(max_waiting=max_waiting, on_closed=self._stream_closed)
        self._listeners = Listeners()
        self._questions = Questions()
        self._was_connected = False
        self._has_begun = False
        self._end: Exception | None = None
        self._turned = asyncio.Event()

    async def __aenter__(self) -> Self:
        if self._driver is not None or self._end is not None:
            raise ClientClosed
        self._driver = Driver(self._session, self._opening, self)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._finish(ClientClosed())
        if self._driver is not None:
            await self._driver.close()

    # --- what the application asks for ----------------------------------------------------------------------------

    @property
    def status(self) -> Status:
        """What is known of the link now."""
        link, seen_at = self._session.status, self._session.last_event_at
        age = None if seen_at is None or self._driver is None else self._driver.now - seen_at
        at = None if age is None else datetime.fromtimestamp(time.time() - age, UTC)
        return Status(**link._asdict(), last_event_at=at, last_event_age=age)

    @property
    def position(self) -> Position | None:
        """Everything up to here has been processed by every stream's reader; None before the first link.

        An event counts as processed when its reader asks for the next. Inside a loop, save ``item.position``.
        """
        return self._audience.processed(self._session.position)

    def events(self, **parts: Unpack[Parts]) -> EventStream:
        """Return a stream of the changes that match every part given, and of every ``Resync`` that concerns them."""
        driver = self._running()
        subscription = wanted({"id": self._audience.next_id(), **parts})
        stream = self._audience.open(subscription)
        self._carry_out(self._session.subscribe(subscription, now=driver.now))
        self._begin()
        return stream

    def subscribe(self, handler: Handler, **parts: Unpack[Parts]) -> Callable[[], None]:
        """Call *handler*, a function or a coroutine function, with each item of ``events(**parts)``, one by one.

        Return what ends it. A handler that raises is logged, and called with the next item.
        """
        task = self._running().spawn(_feed(self.events(**parts), handler), "handler")

        def end() -> None:
            task.cancel()

        return end

    @overload
    def on(self, name: Literal["status"], listener: Callable[[Status], object]) -> Callable[[], None]: ...
    @overload
    def on(self, name: Literal["resync"], listener: Callable[[Resync], object]) -> Callable[[], None]: ...
    @overload
    def on(self, name: Literal["custom_event"], listener: Callable[[CustomEvent], object]) -> Callable[[], None]: ...
    @overload
    def on(self, name: Literal["notice"], listener: Callable[[Notice], object]) -> Callable[[], None]: ...
    @overload
    def on(self, name: Literal["gave_up"], listener: Callable[[GaveUp], object]) -> Callable[[], None]: ...
    def on(self, name: str, listener: Callable[[Any], object]) -> Callable[[], None]:
        """Call *listener*, a plain function, whenever *name* happens; return what removes it. Also before the block."""
        return self._listeners.add(name, listener)

    async def wait_connected(self) -> None:
        """Open the link if nothing has yet, and wait until it stands; raise :exc:`GaveUp` if there will be none."""
        self._begin()
        while not self._session.status.connected:
            if self._end is not None:
                raise self._end
            self._turned.clear()
            await self._turned.wait()

    async def clients(self, *, timeout: float = 10.0) -> Roster:
        """Return who is connected to any gateway."""
        return handed.roster(await self._ask("clients", "clients", {}, timeout))

    async def broadcast(
        self,
        event_type: str,
        data: Any,
        *,
        to: Mapping[str, str] | None = None,
        queue: bool = False,
        timeout: float = 10.0,
    ) -> None:
        """Tell other clients something: all, or ``{"app_name": ...}``, or ``{"client_id": ...}``.

        Returns when the gateway has taken it. Without a link it raises :exc:`NotConnected`, except that the first link
        is waited for; with *queue* it returns at once instead, and the broadcast goes out with the next link.
        """
        message: dict[str, Any] = {"event_type": event_type, "data": data}
        if to is not None:
            message["to"] = dict(to)
        messages.encode("broadcast", message, 0.0)  # what JSON cannot hold is the caller's mistake, now
        if queue and not self._session.status.connected:
            self._begin()
            self._carry_out(self._session.broadcast(message, queue=True, now=self._running().now))
            return
        await self._ask("broadcast", "broadcasted", message, timeout)

    def wake(self) -> None:
        """The machine or its network is back: dial at once, or ask at once whether the link lives."""
        self._carry_out(self._session.wake(now=self._running().now))

    # --- what the driver asks -------------------------------------------------------------------------------------

    def take(self, effects: list[Effect], *, before: Position | None, size: int) -> None:
        """Hand on what one fact led to."""
        for effect in effects:
            match effect:
                case HandEvent(data, epoch):
                    self._audience.hand(data, epoch, before, size)
                case TellResync(data):
                    self._listeners.tell("resync", self._audience.tell_resync(data, before, size))
                case HandCustomEvent(data):
                    self._listeners.tell("custom_event", handed.custom_event(data))
                case Answer(message_type, data):
                    self._answered(message_type, data)
                case NoticeEffect(data):
                    self._noticed(handed.notice(data))
                case GaveUpEffect(code):
                    self._give_up(GaveUp(code))
                case StatusChanged(changes):
                    self._status_changed(changes, effects)
                case _:
                    pass

    def is_full(self) -> bool:
        """Tell whether a stream's reader is behind."""
        return self._audience.is_full

    async def room(self) -> None:
        """Wait until every reader has caught up, or a question is asked."""
        await self._audience.room(unless=lambda: bool(self._questions))

    def fail(self, error: Exception) -> None:
        """A mistake of this package, or a listener's: everybody who waits is told."""
        log.error("the client failed", exc_info=error)
        self._finish(error)
        if self._driver is not None:
            self._driver.carry_out(self._session.disconnect(now=self._driver.now))

    # --- answers and ends -----------------------------------------------------------------------------------------

    async def _ask(
        self, message_type: str, answer_type: str, data: dict[str, Any], timeout: float
    ) -> Mapping[str, Any]:
        try:
            async with asyncio.timeout(timeout):
                if not self._was_connected:
                    await self.wait_connected()
                with self._questions.ask(answer_type) as (identifier, answered):
                    self._audience.look_again()
                    self._carry_out(self._question(message_type, {**data, "id": identifier}))
                    return await answered
        except TimeoutError:
            raise (NoAnswer(message_type, timeout) if self._was_connected else NotConnected()) from None

    def _question(self, message_type: str, data: dict[str, Any]) -> list[Effect]:
        now = self._running().now
        if message_type == "clients":
            return self._session.ask_clients(data, now=now)
        return self._session.broadcast(data, now=now)

    def _answered(self, message_type: str, data: Mapping[str, Any]) -> None:
        stream = self._audience.find(data.get("id")) if message_type == "subscribed" else None
        if stream is not None:
            stream.begin()
        self._questions.answer(message_type, data)

    def _noticed(self, notice: Notice) -> None:
        stream = self._audience.find(notice.id) if notice.in_reply_to == "subscribe" else None
        if stream is not None:
            stream.end(Rejected(notice.code, notice.reason, notice.in_reply_to))
        elif not self._questions.reject(notice):
            log.warning("a gateway answered %s with %s: %s", notice.in_reply_to, notice.code, notice.reason)
        self._listeners.tell("notice", notice)

    def _status_changed(self, changes: Mapping[str, Any], effects: list[Effect]) -> None:
        if changes.get("connected") is True:
            self._was_connected = True
            log.info("connected to %s", self._session.status.url)
            late = sends(effects, "subscribe")
            for stream in self._audience:
                if stream.subscription["id"] not in late:
                    stream.begin()
        elif changes.get("connected") is False:
            log.info("the link ended")
            self._questions.fail(NotConnected())
        self._turned.set()
        self._listeners.tell("status", self.status)

    def _give_up(self, error: GaveUp) -> None:
        log.error("%s", error)
        self._finish(error)
        self._listeners.tell("gave_up", error)

    def _finish(self, error: Exception) -> None:
        """There is no more to come: the first reason stays."""
        self._end = self._end or error
        self._audience.end(StopAsyncIteration() if isinstance(error, ClientClosed) else error)
        self._questions.fail(error)
        self._turned.set()

    # --- steps ----------------------------------------------------------------------------------------------------

    def _running(self) -> Driver:
        if self._end is not None:
            raise self._end
        if self._driver is None:
            raise ClientClosed
        return self._driver

    def _begin(self) -> None:
        driver = self._running()
        if not self._has_begun:
            self._has_begun = True
            if not self._audience:
                self._carry_out(self._session.subscribe(NOTHING, now=driver.now))
            self._carry_out(self._session.connect(now=driver.now))

    def _carry_out(self, effects: list[Effect]) -> None:
        self._running().carry_out(effects)
        for effect in effects:
            if isinstance(effect, Refused):
                raise QueueFull(self._max_queued) if effect.reason == "queue_full" else NotConnected

    def _stream_closed(self, key: str) -> None:
        if self._driver is None or self._end is not None:
            return
        if not self._audience:
            self._carry_out(self._session.subscribe(NOTHING, now=self._driver.now))
        self._carry_out(self._session.unsubscribe(key, now=self._driver.now))


async def _feed(stream: EventStream, handler: Handler) -> None:
    """Call *handler* with each item; an item's failure is told and is not the next one's."""
    try:
        async with stream:
            async for item in stream:
                try:
                    result = handler(item)
                    if result is not None:
                        await result
                except Exception:
                    log.exception("a handler of events failed")
    except WaslaError as error:
        log.error("a handler of events gets no more: %s", error)
