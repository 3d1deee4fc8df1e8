"""Drives a session: carries its effects out, tells it what happened and when.

It owns the link, the timer of the session's ticks and the tasks of both. What is meant for the application goes to
``hand``; between two frames it waits for ``room``. Whatever goes wrong in its own tasks, and is no lost link, ends in
``fail``: nothing dies quietly. After :meth:`Driver.close` nothing of it runs.
"""

from __future__ import annotations

import asyncio
import logging
import ssl as tls
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from wasla_client import messages
from wasla_client.effects import Close, Dial, Effect, Send, TokenWanted
from wasla_client.link import FAILED_OPENING, Link, open_link
from wasla_client.positions import Position
from wasla_client.session import LOST, Session

log = logging.getLogger("wasla_client")

TokenSource: TypeAlias = str | Callable[[], Awaitable[str]] | None
"""A token, or a coroutine function that obtains one; it is asked at each dial, and when a token is about to end."""


@dataclass(frozen=True, slots=True)
class Opening:
    """How a WebSocket is opened."""

    token: TokenSource = None
    ssl: tls.SSLContext | None = None
    proxy: str | Literal[True] | None = True


class Application(Protocol):
    """What a driver asks of the client it works for."""

    def take(self, effects: list[Effect], *, before: Position | None, size: int) -> None:
        """Take what one fact led to; *size* is that of the frame, if it was one."""

    def is_full(self) -> bool:
        """Tell whether a reader is behind, so that nothing more should come."""

    async def room(self) -> None:
        """Wait until they have caught up."""

    def token_failed(self, cause: Exception) -> None:
        """No token could be obtained; it is tried again."""

    def fail(self, error: Exception) -> None:
        """Something failed that cannot be retried."""


class Driver:
    """One session's; to be used inside one event loop."""

    def __init__(self, session: Session, opening: Opening, application: Application) -> None:
        self._session = session
        self._opening = opening
        self._application = application
        self._loop = asyncio.get_running_loop()
        self._link: Link | None = None
        self._link_task: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._close_code = LOST
        self._timer: asyncio.TimerHandle | None = None

    @property
    def now(self) -> float:
        """Monotonic seconds, as the session counts them."""
        return self._loop.time()

    def carry_out(self, effects: list[Effect], *, before: Position | None = None, size: int = 0) -> None:
        """Do what a fact led to. To be called right after the fact."""
        for effect in effects:
            match effect:
                case Dial():
                    self._dial(effect)
                case Close(code):
                    self._close(code)
                case Send(message_type, data):
                    self._send(messages.encode(message_type, data, time.time()))
                case TokenWanted(expires_at):
                    self._refresh_token(expires_at)
                case _:
                    pass
        self._application.take(effects, before=before, size=size)
        self._arm()

    def spawn(self, work: Coroutine[object, object, None], name: str) -> asyncio.Task[None]:
        """Run *work* until it ends or the driver is closed."""
        task = self._loop.create_task(work, name=f"wasla-client-{name}")
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def close(self) -> None:
        """End the link and everything else."""
        self.carry_out(self._session.disconnect(now=self.now))
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        me = asyncio.current_task()
        tasks = [task for task in self._tasks if task is not me]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # --- the link -------------------------------------------------------------------------------------------------

    def _dial(self, dial: Dial) -> None:
        self._close(LOST)
        self._link_task = self.spawn(self._live(dial), "link")

    def _close(self, code: int) -> None:
        task, self._link_task, self._link = self._link_task, None, None
        self._close_code = code
        if task is not None:
            task.cancel()  # its own task as well, where a message led here: it ends at its next await

    def _send(self, text: str) -> None:
        if self._link is None:
            raise AssertionError("the session sends only on an open link")
        self._link.send(text)

    async def _live(self, dial: Dial) -> None:
        """Make one link, read it to its end, and tell the session, unless it has left the link itself."""
        me = asyncio.current_task()
        await asyncio.sleep(dial.delay)
        try:
            token = await self._token()
            link = await open_link(dial.url, ssl=self._opening.ssl, proxy=self._opening.proxy)
        except FAILED_OPENING as error:
            log.info("no link to %s: %s", dial.url, error)
            self._lost(me, LOST)
            return
        try:
            self._link = link
            self.carry_out(self._session.opened(token, now=self.now))
            code = await link.converse(self._frame)
        finally:
            await link.end(self._close_code)
        self._lost(me, code)

    def _lost(self, task: asyncio.Task[None] | None, code: int) -> None:
        if self._link_task is task:
            self._link_task = None
            self._link = None
            self.carry_out(self._session.closed(code, now=self.now))

    async def _frame(self, text: str | bytes) -> None:
        """Take one frame; wait while a reader is behind."""
        before = self._session.position
        self.carry_out(self._session.received(text, now=self.now), before=before, size=len(text))
        if self._application.is_full():
            self.carry_out(self._session.hold(now=self.now))
            await self._application.room()
            self.carry_out(self._session.release(now=self.now))

    # --- tokens ---------------------------------------------------------------------------------------------------

    async def _token(self) -> str | None:
        source = self._opening.token
        if source is None or isinstance(source, str):
            return source
        try:
            return await source()
        except Exception as error:
            log.exception("no token could be obtained; it is tried again at the next dial")
            self._application.token_failed(error)
            raise ConnectionError("no token") from error

    def _refresh_token(self, expires_at: object) -> None:
        if callable(self._opening.token):
            self.spawn(self._offer_token(), "token")
        else:
            log.warning("the token ends at %s, and there is no source of another", expires_at)

    async def _offer_token(self) -> None:
        try:
            token = await self._token()
        except ConnectionError:
            return
        if token is not None:
            self.carry_out(self._session.offer_token(token, now=self.now))

    # --- time and ends --------------------------------------------------------------------------------------------

    def _arm(self) -> None:
        """Come back when the session wants a tick; a timer that comes earlier may stay."""
        tick_at = self._session.tick_at
        if tick_at is None or (self._timer is not None and self._timer.when() <= tick_at):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(tick_at, self._tick)

    def _tick(self) -> None:
        self._timer = None
        try:
            self.carry_out(self._session.tick(now=self.now))
        except Exception as error:  # noqa: BLE001 - handed on: a timer has nobody to raise it to
            self._fail(error)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and isinstance(error := task.exception(), Exception):
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        self._application.fail(error)
        self.carry_out(self._session.disconnect(now=self.now))


def sends(effects: Iterable[Effect], message_type: str) -> set[str]:
    """Return the ids that messages of that type carry among *effects*."""
    return {item.data["id"] for item in effects if isinstance(item, Send) and item.message_type == message_type}
