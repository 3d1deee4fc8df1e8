"""The reference client: what ``docs/protocol.md`` asks of a client, in the fewest lines, and a journal of all it saw.

Its rules:

- **Address list.** A link that could not be made, or that ended, is tried at the next address.
- **Backoff with full jitter**, forgotten as soon as a link has registered. 1001 reconnects at once, to the next
  address; 4500 to 4999 never, until somebody calls :meth:`ReferenceClient.start` again.
- **Resume.** It registers with the largest position it was told; ``resync`` replaces that.
- **Silent link.** Nothing heard for ``Pace.silence``: it pings; nothing for ``Pace.answer`` more: the link is dead.

Use: ``async with ReferenceClient([url]) as client: await client.until(lambda: client.events)``. Times are monotonic
seconds. Leaving the block ends the link without a goodbye. Whatever goes wrong in its own task is raised by
:meth:`ReferenceClient.until` and by the block's end.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Self

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

from tests.oracle.positions import Position, moved

Message = dict[str, Any]

DEADLINE: Final = 90.0
"""Seconds that :meth:`ReferenceClient.until` waits unless told otherwise."""

_decode: Final = msgspec.json.Decoder(Message).decode
_encode: Final = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds: backoff ``first`` to ``cap``; ``opening`` of a link; ``silence`` before a ping, ``answer`` after it."""

    first: float = 0.1
    cap: float = 2.0
    opening: float = 3.0
    silence: float = 30.0
    answer: float = 10.0


class Note(NamedTuple):
    """One line of the journal: a message, or ``connected``, ``registering`` and ``closed`` of the link itself."""

    at: float
    kind: str
    data: Message


class ReferenceClient:
    """One application's link, made again whenever it ends; ``subscribe`` None asks for everything.

    ``observe`` is called with every note as it is written; ``keep_journal`` False leaves that to it alone.
    """

    def __init__(
        self,
        addresses: Sequence[str],
        *,
        app_name: str = "reference",
        subscribe: Sequence[Message] | None = None,
        pace: Pace | None = None,
        rng: random.Random | None = None,
        observe: Callable[[Note], None] | None = None,
        position: Position | None = None,
        token: str | None = None,
    ) -> None:
        self.addresses = list(addresses)
        self.app_name = app_name
        self.subscriptions: dict[str, Message] = {item["id"]: item for item in subscribe or ()}
        self.journal: list[Note] = []
        self.position = position
        self.is_registered = False
        self.gateway = ""
        self.refused: int | None = None
        self._pace = pace or Pace()
        self._rng = rng or random.Random()
        self._observe = observe
        self._token = token
        self._attempts = 0
        self._address = 0
        self._connection: ClientConnection | None = None
        self._task: asyncio.Task[None] | None = None
        self._heard = asyncio.Event()
        self._may_read = asyncio.Event()
        self._may_read.set()

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def events(self) -> list[Message]:
        """The data of every realtime_event, in the order of arrival."""
        return self.told("realtime_event")

    def told(self, kind: str) -> list[Message]:
        """Return the data of every note of that kind."""
        return [note.data for note in self.journal if note.kind == kind]

    def start(self) -> None:
        """Connect, and stay connected; also from a standstill, where it goes on from its position. Idempotent."""
        if self._task is not None and not self._task.done():
            return
        self.refused = None
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End the link at once, without a goodbye, and stay away. Idempotent."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def cut(self) -> None:
        """End the present link without a goodbye, as a network does; the client makes another."""
        if self._connection is not None:
            self._connection.transport.abort()

    def pause(self) -> None:
        """Stop reading, until :meth:`unpause`: the connection stays, its buffers fill."""
        self._may_read.clear()

    def unpause(self) -> None:
        """Read on."""
        self._may_read.set()

    async def send(self, message_type: str, data: Mapping[str, Any]) -> bool:
        """Send a message over the present link; return whether there was one."""
        if self._connection is None:
            return False
        try:
            await self._connection.send(_envelope(message_type, data), text=True)
        except ConnectionClosed:
            return False
        return True

    async def subscribe(self, subscription: Message) -> bool:
        """Add (or replace) a subscription, now and at every later register."""
        self.subscriptions[subscription["id"]] = subscription
        self._note("subscribing", subscription)
        return await self.send("subscribe", subscription)

    async def until(self, condition: Callable[[], object], *, timeout: float = DEADLINE) -> None:
        """Wait until something heard makes *condition* hold."""
        async with asyncio.timeout(timeout):
            while not condition():
                if self._task is not None and self._task.done():
                    self._task.result()
                    raise AssertionError(f"the client gave up with {self.refused} before what was waited for came")
                self._heard.clear()
                await self._heard.wait()

    async def _run(self) -> None:
        try:
            while self.refused is None:
                code = await self._live_once()
                if 4500 <= code <= 4999:
                    self.refused = code
                    return
                self._address += 1
                await asyncio.sleep(0.0 if code == 1001 else self._next_delay())
        finally:
            self._heard.set()

    async def _live_once(self) -> int:
        """Make one link and read it to its end; return the close code, 1006 where none was told."""
        address = self.addresses[self._address % len(self.addresses)]
        try:
            async with asyncio.timeout(self._pace.opening):
                self._connection = await connect(
                    address, compression=None, max_size=None, ping_interval=None, open_timeout=None, proxy=None
                )
        except (OSError, InvalidHandshake, InvalidMessage, EOFError, TimeoutError, ConnectionClosed):
            return 1006
        self._note("connected", {"address": address})
        try:
            await self._converse(self._connection)
        except ConnectionClosed as closed:
            return self._closed(closed.rcvd.code if closed.rcvd is not None else 1006)
        except TimeoutError:
            return self._closed(1006)
        finally:
            self._connection.transport.abort()
            self._connection = None
            self.is_registered = False
        raise AssertionError("a link is read until it ends")

    def _closed(self, code: int) -> int:
        self._note("closed", {"code": code})
        return code

    async def _converse(self, connection: ClientConnection) -> None:
        data: Message = {"app_name": self.app_name}
        if self.subscriptions:
            data["subscribe"] = list(self.subscriptions.values())
        if self.position is not None:
            data["resume"] = self.position.as_resume()
        self._note("registering", data)
        if self._token is not None:
            data = {**data, "token": self._token}
        await connection.send(_envelope("register", data), text=True)
        while True:
            await self._may_read.wait()
            self._take(await self._next_text(connection))

    async def _next_text(self, connection: ClientConnection) -> bytes | str:
        """Return the next frame; a link that stays silent after a ping raises TimeoutError."""
        try:
            async with asyncio.timeout(self._pace.silence if self.is_registered else self._pace.opening):
                return await connection.recv(decode=False)
        except TimeoutError:
            if not self.is_registered:
                raise
        await connection.send(_envelope("ping", {}), text=True)
        async with asyncio.timeout(self._pace.answer):
            return await connection.recv(decode=False)

    def _take(self, text: bytes | str) -> None:
        message = _decode(text)
        kind, data = message["message_type"], message["data"]
        if kind == "registered":
            self.is_registered = True
            self.gateway = data["gateway"]
            self._attempts = 0
        self.position = moved(self.position, kind, data)
        self._note(kind, data)

    def _note(self, kind: str, data: Message) -> None:
        note = Note(time.monotonic(), kind, data)
        if self._observe is None:
            self.journal.append(note)
        else:
            self._observe(note)
        self._heard.set()

    def _next_delay(self) -> float:
        ceiling = min(self._pace.cap, self._pace.first * 2.0 ** min(self._attempts, 32))
        self._attempts += 1
        return self._rng.uniform(0.0, ceiling)


def _envelope(message_type: str, data: Mapping[str, Any]) -> bytes:
    return _encode({"message_type": message_type, "data": data, "timestamp": "2026-01-01T00:00:00Z"})
