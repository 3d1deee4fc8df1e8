"""One process's connection to the NATS servers, made again whatever ended it.

The client library's own reconnecting keeps what could not be sent and sends it later; a request must never arrive
after its asker has given up. So each connection is a client of its own, and what is sent between two is dropped.
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
import ssl
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import nats.errors
import structlog
from nats.aio.client import Client, RawCredentials
from nats.aio.msg import Msg

from shared.backoff import Backoff
from shared.bus.jetstream.parts import HEADER, Assembly, divide
from shared.errors import BusError

log = structlog.get_logger(__name__)

CONNECT_TIMEOUT: Final = 2.0
PING_INTERVAL: Final = 2
"""Seconds between pings; two without an answer end the connection."""

CANCELLED_AGAIN_AFTER: Final = 0.3

MAX_WAITING: Final = 10_000
MAX_WAITING_BYTES: Final = 64 * 1024 * 1024
"""Messages, and bytes, that wait to be sent; further ones are dropped."""

_ROOM_FOR_HEADERS: Final = 4096

Heard = Callable[[Msg, bytes], None]


class NotConnected(BusError):
    """There is no connection to a NATS server at this moment."""


class NobodyAnswers(BusError):
    """The server knows nobody who takes what was sent to that subject."""


@dataclass(frozen=True, slots=True)
class Access:
    """Where the servers are and how one gets in: ``credentials`` is a .creds file's text or an NKEY seed."""

    servers: Sequence[str]
    credentials: str | None = field(default=None, repr=False)
    tls: ssl.SSLContext | None = None

    def options(self) -> dict[str, Any]:
        """Return what the client library is told of it."""
        options: dict[str, Any] = {} if self.tls is None else {"tls": self.tls}
        if self.credentials is None:
            return options
        if self.credentials.startswith("S"):
            return {**options, "nkeys_seed_str": self.credentials}
        return {**options, "user_credentials": RawCredentials(self.credentials)}


class Connection:
    """Connects in the background from its making on; ``up`` is set while connected. Belongs to the running loop."""

    def __init__(self, access: Access, *, name: str, inbox: str, is_quiet: bool = False) -> None:
        """``name`` is shown by the servers, ``inbox`` is what the subjects of answers to :meth:`ask` begin with.

        A quiet one logs nothing; ``reason`` says in any case why there is no connection.
        """
        self.up = asyncio.Event()
        self.closed = False
        self.server = ""
        self.version = (0, 0, 0)
        self.reason = ""
        self._is_quiet = is_quiet
        self._access = access
        self._name = name
        self._inbox = inbox
        self._client: Client | None = None
        self._wanted: dict[str, tuple[str, Heard]] = {}
        self._waiting: deque[tuple[str, bytes, str, dict[str, str] | None]] = deque()
        self._waiting_bytes = 0
        self._sendable = asyncio.Event()
        self._numbers = itertools.count()
        self._own = secrets.token_hex(4)
        self._task = asyncio.ensure_future(self._run())

    @property
    def max_payload(self) -> int:
        """The longest payload that the server takes with headers; 1 MB's where none is connected."""
        limit = 1024 * 1024 if self._client is None else self._client.max_payload
        return limit - _ROOM_FOR_HEADERS

    def hear(self, subject: str, heard: Heard, *, queue: str = "") -> None:
        """Call back for each whole message of a subject, from the next connection on: to be called before any."""
        self._wanted[subject] = (queue, heard)

    def on_failure(self, failed: Callable[[BaseException], None]) -> None:
        """Call back if this ends by a defect: see :func:`tell_defect`."""
        tell_defect(self._task, failed)

    def send(self, subject: str, payload: bytes, *, reply: str = "") -> bool:
        """Send without waiting, in parts where need be; tell whether there is a connection that takes it."""
        if not self.up.is_set() or len(self._waiting) >= MAX_WAITING or self._waiting_bytes >= MAX_WAITING_BYTES:
            return False
        self._waiting_bytes += len(payload)
        for headers, part in divide(f"{self._own}-{next(self._numbers)}", payload, self.max_payload):
            self._waiting.append((subject, part, reply, headers))
        self._sendable.set()
        return True

    async def ask(self, subject: str, payload: bytes, *, timeout: float, headers: dict[str, str] | None = None) -> Msg:
        """Send one message and return its answer; raise NotConnected, NobodyAnswers or another BusError."""
        client = self._client
        if client is None or not self.up.is_set():
            raise NotConnected("no NATS server is connected")
        try:
            return await client.request(subject, payload, timeout=timeout, headers=headers)
        except nats.errors.NoRespondersError:
            raise NobodyAnswers(f"nobody takes what is sent to {subject}") from None
        except (nats.errors.Error, TimeoutError, OSError) as error:
            raise BusError(f"{subject} was not answered within {timeout:g} s ({_words(error)})") from None

    async def close(self) -> None:
        """Send what waits, then hang up; within a second. Idempotent."""
        if self.closed:
            return
        self.closed = True
        with suppress(TimeoutError):
            async with asyncio.timeout(0.25):
                while self._waiting and self.up.is_set():  # noqa: ASYNC110 - the sender has its turns meanwhile
                    await asyncio.sleep(0.005)
                if self._client is not None and self.up.is_set():
                    await self._client.flush()
        await end(self._task)

    async def _run(self) -> None:
        backoff = Backoff(first=0.1, cap=1.0)
        for server in itertools.cycle(self._access.servers):
            client, lost = Client(), asyncio.Event()
            try:
                await self._connect(client, server, lost)
                backoff.succeeded()
                await self._serve(client, server, lost)
            except nats.errors.NoServersError:
                pass  # the reason was told when it happened
            except (OSError, TimeoutError, nats.errors.Error) as error:
                self._say(server, _words(error))
            finally:
                self.up.clear()
                self._client = None
                await _close(client)
            await asyncio.sleep(backoff.next_delay())

    async def _connect(self, client: Client, server: str, lost: asyncio.Event) -> None:
        async def note(error: Exception) -> None:
            if not self.up.is_set() or "permissions" in str(error).lower():
                self._say(server, _words(error))

        async def closed() -> None:
            lost.set()

        async with asyncio.timeout(2 * CONNECT_TIMEOUT):
            await client.connect(
                [server],
                name=self._name,
                allow_reconnect=False,
                max_reconnect_attempts=1,
                reconnect_time_wait=0,
                connect_timeout=int(CONNECT_TIMEOUT),
                ping_interval=PING_INTERVAL,
                max_outstanding_pings=2,
                error_cb=note,
                closed_cb=closed,
                inbox_prefix=self._inbox,
                **self._access.options(),
            )

    async def _serve(self, client: Client, server: str, lost: asyncio.Event) -> None:
        self._waiting.clear()
        self._waiting_bytes = 0
        for subject, (queue, heard) in self._wanted.items():
            await client.subscribe(subject, queue=queue, cb=_whole(heard))
        await client.flush(timeout=int(CONNECT_TIMEOUT))
        self._client = client
        self.server, self.version = server, _version(client)
        self.reason = ""
        if not self._is_quiet:
            log.info("connected to NATS", server=server)
        self.up.set()
        sending = asyncio.ensure_future(self._send(client))
        losing = asyncio.ensure_future(lost.wait())
        try:
            await asyncio.wait([sending, losing], return_when=asyncio.FIRST_COMPLETED)
            if sending.done() and (error := sending.exception()) is not None:
                raise error
        finally:
            await end(sending, losing)
        self._say(server, "it hung up")

    async def _send(self, client: Client) -> None:
        while True:
            self._sendable.clear()
            while self._waiting:
                subject, payload, reply, headers = self._waiting.popleft()
                self._waiting_bytes -= len(payload)
                await client.publish(subject, payload, reply=reply, headers=headers)
            await self._sendable.wait()

    def _say(self, server: str, reason: str) -> None:
        """Say why there is no connection, once for each reason."""
        if reason == self.reason or self.closed:
            return
        self.reason = reason
        if not self._is_quiet:
            log.warning("NATS cannot be used", server=server, reason=reason)


def tell_defect(task: asyncio.Task[Any], told: Callable[[BaseException], None]) -> None:
    """Call back if a task ends by a defect: whoever waits for what it brings must not wait for ever."""

    def ended(done: asyncio.Task[Any]) -> None:
        if not done.cancelled() and (error := done.exception()) is not None:
            told(error)

    task.add_done_callback(ended)


async def end(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks until they have ended: the client library swallows a cancellation that comes while it flushes."""
    while running := [task for task in tasks if not task.done()]:
        for task in running:
            task.cancel()
        await asyncio.wait(running, timeout=CANCELLED_AGAIN_AFTER)


async def _close(client: Client) -> None:
    with suppress(nats.errors.Error, OSError, TimeoutError):
        async with asyncio.timeout(1.0):
            await client.close()


def _whole(heard: Heard) -> Callable[[Msg], Awaitable[None]]:
    """Return a callback that puts parts together; the parts of different subscriptions do not meet."""
    assembly = Assembly()

    async def hear(message: Msg) -> None:
        header = message.headers.get(HEADER) if message.headers else None
        payload = message.data if header is None else assembly.add(header, message.data)
        if payload is not None:
            heard(message, payload)

    return hear


def _version(client: Client) -> tuple[int, int, int]:
    found = client.connected_server_version
    return found.major, found.minor, found.patch


def _words(error: BaseException) -> str:
    return str(error).removeprefix("nats: ").strip("'\"") or type(error).__name__
