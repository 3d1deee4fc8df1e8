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
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, Literal, Self, TypeAlias, Unpack, overload

from wasla_client import events as handed
from wasla_client import messages
from wasla_client.driver import Driver, Opening, TokenSource
from wasla_client.effects import Effect, Refused
from wasla_client.errors import ClientClosed, GaveUp, NoAnswer, NotConnected, QueueFull, WaslaError
from wasla_client.events import (
    Connected,
    CustomEvent,
    Disconnected,
    Event,
    Item,
    Notice,
    Problem,
    Resync,
    Roster,
    Status,
)
from wasla_client.positions import Position
from wasla_client.reception import Reception
from wasla_client.session import Session
from wasla_client.streams import EventStream
from wasla_client.wanted import Parts, wanted

log = logging.getLogger("wasla_client")

Handler: TypeAlias = Callable[[Item], Awaitable[None] | None]

NOTHING: Final = {"id": "nothing", "events": ["TEST"]}
"""Asked for while there is no stream: a client without any subscription would be sent everything."""
EVERYTHING: Final = {"id": NOTHING["id"]}
"""Asked for in its place where listeners want changes and there has been no stream."""


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
        self._reception = Reception(session, max_waiting=max_waiting, on_stream_closed=self._stream_closed)
        self._has_begun = False
        self._asks_everything = False

    async def __aenter__(self) -> Self:
        if self._driver is not None or self._reception.end is not None:
            raise ClientClosed
        self._driver = Driver(self._session, self._opening, self._reception)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._reception.finish(ClientClosed())
        if self._driver is not None:
            await self._driver.close()

    # --- what the application asks for ----------------------------------------------------------------------------

    @property
    def status(self) -> Status:
        """What is known of the link now."""
        return self._reception.status(None if self._driver is None else self._driver.now)

    @property
    def position(self) -> Position | None:
        """Everything up to here has been processed by every stream's reader; None before the first link.

        An event counts as processed when its reader asks for the next. Inside a loop, save ``item.position``.
        """
        return self._reception.audience.processed(self._session.position)

    def events(self, **parts: Unpack[Parts]) -> EventStream:
        """Return a stream of the changes that match every part given, and of every ``Resync`` that concerns them."""
        driver = self._running()
        subscription = wanted({"id": self._reception.audience.next_id(), **parts})
        stream = self._reception.audience.open(subscription)
        self._carry_out(self._session.subscribe(subscription, now=driver.now))
        self._follow_listeners()
        self._begin()
        return stream

    def subscribe(self, handler: Handler, **parts: Unpack[Parts]) -> Callable[[], None]:
        """Call *handler*, a function or a coroutine function, with each item of ``events(**parts)``, one by one.

        Return what ends it. A handler that raises is logged, and called with the next item.
        """
        task = self._running().spawn(self._feed(self.events(**parts), handler), "handler")

        def end() -> None:
            task.cancel()

        return end

    @overload
    def on(self, name: Literal["status"], listener: Callable[[Status], object]) -> Callable[[], None]: ...
    @overload
    def on(self, name: Literal["resync"], listener: Callable[[Resync], object]) -> Callable[[], None]: ...
    @overload
    def on(
        self, name: Literal["custom_event", "custom-event"], listener: Callable[[CustomEvent], object]
    ) -> Callable[[], None]: ...
    @overload
    def on(self, name: Literal["notice"], listener: Callable[[Notice], object]) -> Callable[[], None]: ...
    @overload
    def on(self, name: Literal["gave_up"], listener: Callable[[GaveUp], object]) -> Callable[[], None]: ...
    @overload
    def on(self, name: Literal["connected"], listener: Callable[[Connected], object]) -> Callable[[], None]: ...
    @overload
    def on(self, name: Literal["disconnected"], listener: Callable[[Disconnected], object]) -> Callable[[], None]: ...
    @overload
    def on(self, name: Literal["error"], listener: Callable[[Problem], object]) -> Callable[[], None]: ...
    @overload
    def on(self, name: str, listener: Callable[[Event], object]) -> Callable[[], None]: ...
    @overload
    def on(self, name: str, listener: Callable[[CustomEvent], object]) -> Callable[[], None]: ...
    def on(self, name: str, listener: Callable[[Any], object]) -> Callable[[], None]:
        """Call *listener*, a plain function, whenever *name* happens; return what removes it. Also before the block.

        Changes are told under ``realtime-event``, ``bookings-insert`` and the like, broadcasts under their type in
        lower case; the README lists the names. Every change is told until there is a stream, then what streams ask for.
        """
        remove = self._reception.listeners.add(name, listener)
        self._follow_listeners()

        def removed() -> None:
            remove()
            self._follow_listeners()

        return removed

    async def wait_connected(self) -> None:
        """Open the link if nothing has yet, and wait until it stands; raise :exc:`GaveUp` if there will be none."""
        self._begin()
        while not self._session.status.connected:
            if self._reception.end is not None:
                raise self._reception.end
            await self._reception.turn()

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

    # --- questions ------------------------------------------------------------------------------------------------

    async def _ask(
        self, message_type: str, answer_type: str, data: dict[str, Any], timeout: float
    ) -> Mapping[str, Any]:
        try:
            async with asyncio.timeout(timeout):
                if not self._reception.was_connected:
                    await self.wait_connected()
                with self._reception.questions.ask(answer_type) as (identifier, answered):
                    self._reception.audience.look_again()
                    self._carry_out(self._question(message_type, {**data, "id": identifier}))
                    return await answered
        except TimeoutError:
            raise (NoAnswer(message_type, timeout) if self._reception.was_connected else NotConnected()) from None

    def _question(self, message_type: str, data: dict[str, Any]) -> list[Effect]:
        now = self._running().now
        if message_type == "clients":
            return self._session.ask_clients(data, now=now)
        return self._session.broadcast(data, now=now)

    # --- steps ----------------------------------------------------------------------------------------------------

    def _running(self) -> Driver:
        if self._reception.end is not None:
            raise self._reception.end
        if self._driver is None:
            raise ClientClosed
        return self._driver

    def _begin(self) -> None:
        driver = self._running()
        if not self._has_begun:
            self._has_begun = True
            if not self._reception.audience:
                self._ask_otherwise()
            self._carry_out(self._session.connect(now=driver.now))

    @property
    def _wants_everything(self) -> bool:
        return self._reception.listeners.want_changes and not self._reception.audience.is_narrowed

    def _follow_listeners(self) -> None:
        """Ask otherwise where listeners, or the first stream, have changed what is wanted apart from streams."""
        is_at_work = self._has_begun and self._reception.end is None
        if is_at_work and self._wants_everything is not self._asks_everything:
            self._ask_otherwise()

    def _ask_otherwise(self) -> None:
        """Ask for what is wanted apart from streams."""
        self._asks_everything = self._wants_everything
        subscription = EVERYTHING if self._asks_everything else NOTHING
        self._carry_out(self._session.subscribe(subscription, now=self._running().now))

    def _carry_out(self, effects: list[Effect]) -> None:
        self._running().carry_out(effects)
        for effect in effects:
            if isinstance(effect, Refused):
                raise QueueFull(self._max_queued) if effect.reason == "queue_full" else NotConnected

    def _stream_closed(self, key: str) -> None:
        if self._driver is None or self._reception.end is not None:
            return
        if not self._reception.audience:
            self._ask_otherwise()
        self._carry_out(self._session.unsubscribe(key, now=self._driver.now))

    async def _feed(self, stream: EventStream, handler: Handler) -> None:
        """Call *handler* with each item; an item's failure is told and is not the next one's."""
        try:
            async with stream:
                async for item in stream:
                    try:
                        result = handler(item)
                        if result is not None:
                            await result
                    except Exception as cause:
                        log.exception("a handler of events failed")
                        self._reception.listeners.failed("A handler of events", cause)
        except WaslaError as error:
            log.error("a handler of events gets no more: %s", error)
