"""The same client for scripts without asyncio: a plain ``with`` and a plain ``for``.

The asyncio client runs in a thread of its own; every call here waits for it, and Ctrl-C interrupts the waiting. An
instance may be used from several threads, each stream from one.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final, ParamSpec, Self, TypeVar, Unpack

from wasla_client import client as asynchronous
from wasla_client.errors import ClientClosed
from wasla_client.events import Item, Roster, Status
from wasla_client.positions import Position
from wasla_client.streams import EventStream as AsyncEventStream
from wasla_client.wanted import Parts

P = ParamSpec("P")
T = TypeVar("T")

WAIT: Final = 0.5
"""Seconds between two looks for Ctrl-C, for platforms on which waiting for a lock cannot be interrupted."""


def _synchronous(make: Callable[P, asynchronous.Client]) -> Callable[P, Client]:
    """Return what makes a client of this module from the same arguments."""

    def connect(*args: P.args, **kwargs: P.kwargs) -> Client:
        return Client(make(*args, **kwargs))

    return connect


class Client:
    """One application's link; made by :func:`connect`."""

    def __init__(self, client: asynchronous.Client) -> None:
        self._client = client
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="wasla-client", daemon=True)

    def __enter__(self) -> Self:
        if self._thread.ident is not None:
            raise ClientClosed
        self._thread.start()
        self._run(self._client.__aenter__())
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._run(self._client.__aexit__())
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    @property
    def status(self) -> Status:
        """What is known of the link now."""
        return self._call(lambda: self._client.status)

    @property
    def position(self) -> Position | None:
        """Everything up to here has been processed; inside a loop, save ``item.position``."""
        return self._call(lambda: self._client.position)

    def events(self, **parts: Unpack[Parts]) -> EventStream:
        """Return a stream; the arguments are those of :meth:`wasla_client.Client.events`."""
        return EventStream(self._call(lambda: self._client.events(**parts)), self._run)

    def wait_connected(self) -> None:
        """Open the link if nothing has yet, and wait until it stands."""
        self._run(self._client.wait_connected())

    def clients(self, *, timeout: float = 10.0) -> Roster:
        """Return who is connected to any gateway."""
        return self._run(self._client.clients(timeout=timeout))

    def broadcast(
        self,
        event_type: str,
        data: Any,
        *,
        to: Mapping[str, str] | None = None,
        queue: bool = False,
        timeout: float = 10.0,
    ) -> None:
        """Tell other clients something, as :meth:`wasla_client.Client.broadcast` does."""
        self._run(self._client.broadcast(event_type, data, to=to, queue=queue, timeout=timeout))

    def _call(self, function: Callable[[], T]) -> T:
        """Return what *function* returns in the loop's thread."""

        async def call() -> T:
            return function()

        return self._run(call())

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        """Return what *work* returns; leaving by Ctrl-C cancels it."""
        if not self._thread.is_alive():
            work.close()
            raise ClientClosed
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            while not future.done():
                concurrent.futures.wait([future], timeout=WAIT)
            return future.result()
        except BaseException:
            future.cancel()
            raise


class EventStream:
    """An iterator of :class:`~wasla_client.Event` and :class:`~wasla_client.Resync`."""

    def __init__(self, stream: AsyncEventStream, run: Callable[[Coroutine[Any, Any, Any]], Any]) -> None:
        self._stream = stream
        self._run = run

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Item:
        try:
            item: Item = self._run(self._stream.__anext__())
        except StopAsyncIteration:
            raise StopIteration from None
        return item

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def wait_live(self) -> None:
        """Wait until every later change that matches is sure to come."""
        self._run(self._stream.wait_live())

    def close(self) -> None:
        """Ask for nothing more. Idempotent."""
        self._run(self._stream.aclose())


connect = _synchronous(asynchronous.connect)
"""Return a client for ``with``; the arguments are those of :func:`wasla_client.connect`."""
