"""ZeroMQ sockets on an asyncio event loop, opened the same way everywhere.

Plain non-blocking sockets and the descriptor that announces their changes (zmq_getsockopt(3), ZMQ_FD) take the place
of ``zmq.asyncio``: sending stays synchronous, a message waits in ZeroMQ's bounded queue until somebody asks for it,
and closing ends a wait with a sentence instead of a cancellation.
"""

from __future__ import annotations

import asyncio
import errno
import socket as sockets
from collections.abc import Callable
from pathlib import Path
from typing import Final

import zmq

from shared.bus.curve import KeyCheck, connect_with, serve_with
from shared.bus.handshakes import EVENTS, Turn, read_turn
from shared.bus.keys import BusKey
from shared.errors import BusError, ConfigurationError

PEER_TIMEOUT: Final = 5.0
"""Seconds after which a peer whose machine answers nothing counts as gone and is connected to again (TCP only)."""

# No ZMTP heartbeats (HEARTBEAT_IVL): a socket whose receive queue is full aborts the process when one is due
# ("Assertion failed: _input_stopped", libzmq issues 3937 and 4767). A silent listener is noticed by its missing beats.
_OPTIONS: Final[dict[int, int]] = {
    zmq.HANDSHAKE_IVL: 2000,
    zmq.CONNECT_TIMEOUT: 2000,
    zmq.RECONNECT_IVL: 50,
    zmq.RECONNECT_IVL_MAX: 1000,
    zmq.TCP_KEEPALIVE: 1,
    zmq.TCP_KEEPALIVE_IDLE: 2,
    zmq.TCP_KEEPALIVE_INTVL: 1,
    zmq.TCP_KEEPALIVE_CNT: 3,
    zmq.TCP_MAXRT: int(PEER_TIMEOUT * 1000),
}

_ABSENT: Final = (errno.ENOENT, errno.ENOTDIR)
_REFUSED: Final = (errno.EACCES, errno.EPERM, errno.EROFS)


class SocketGroup:
    """The sockets of one end, their context and their end.

    ``linger`` is for how many seconds closing goes on sending what was queued. With a ``key`` everything is encrypted,
    and both sides must have it: the end that ``serves`` lets in nobody else.
    """

    def __init__(self, *, linger: float, key: BusKey | None = None, serves: bool = False) -> None:
        self.closed = False
        self._key = key
        self._serves = serves
        self._linger = int(linger * 1000)
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._sockets: list[zmq.Socket[bytes]] = []
        self._watches: list[Watch] = []
        self._files: list[Path] = []
        self._monitored: list[zmq.Socket[bytes]] = []
        self._ending: asyncio.Future[None] | None = None
        if key is not None and serves:
            check = KeyCheck(self._inner(zmq.REP), key)
            self.watch(self._sockets[0], check.answer)

    def open(self, kind: int, *, high_water_mark: int, max_message_bytes: int, ipv6: bool) -> zmq.Socket[bytes]:
        """Make a socket; ``high_water_mark`` messages at most wait on its way out, and on its way in, per peer."""
        socket = self._context.socket(kind)
        self._sockets.append(socket)
        for option, value in _OPTIONS.items():
            socket.set(option, value)
        socket.set(zmq.LINGER, self._linger)
        socket.set(zmq.MAXMSGSIZE, max_message_bytes)
        socket.set(zmq.IPV6, int(ipv6))
        for option in (zmq.SNDHWM, zmq.RCVHWM):
            socket.set(option, high_water_mark)
            # Zero means no limit to ZeroMQ, and marks only count for connections made after they were set.
            assert socket.get(option) == high_water_mark > 0, "a queue of the bus must be bounded"  # noqa: S101
        if self._key is not None:
            (serve_with if self._serves else connect_with)(socket, self._key)
        return socket

    def watch_turns(self, socket: zmq.Socket[bytes], on_turn: Callable[[Turn], None]) -> None:
        """Call back for each turn of the connections of a socket that neither binds nor connects yet."""
        endpoint = f"inproc://turns-{len(self._sockets)}"
        socket.monitor(endpoint, EVENTS)
        self._monitored.append(socket)
        pair = self._inner(zmq.PAIR)
        pair.set(zmq.RCVHWM, 0)  # libzmq's own thread would wait for room; an event has a few bytes
        pair.connect(endpoint)
        self.watch(pair, lambda: _read_turns(pair, on_turn))

    def connect(self, socket: zmq.Socket[bytes], endpoint: str) -> None:
        """Connect, now or whenever the peer appears; an address without meaning closes the group and raises."""
        try:
            socket.connect(endpoint)
        except zmq.ZMQError as error:
            self.close_now(linger=0)
            raise ConfigurationError(
                f"expected the address of a bus to connect to, got {endpoint} ({error.strerror}); correct it"
            ) from None

    def bind(self, socket: zmq.Socket[bytes], endpoint: str, *, configured: str) -> None:
        """Listen; raise BusError with a sentence when that is not possible. On failure the group is closed."""
        try:
            if endpoint.startswith("ipc://"):
                path = Path(endpoint.removeprefix("ipc://"))
                _bind_file(socket, path)
                self._files.append(path)
            else:
                socket.bind(endpoint)
        except (OSError, zmq.ZMQError) as error:
            self.close_now(linger=0)
            raise BusError(_refusal(endpoint, configured, error)) from None

    def watch(self, socket: zmq.Socket[bytes], on_change: Callable[[], None]) -> Watch:
        """Call back whenever the socket may have become readable or writable."""
        watch = Watch(socket, on_change)
        self._watches.append(watch)
        return watch

    def look_again(self) -> None:
        """Look at every watched socket in the loop's next turn: for who did something on one without its watch."""
        for watch in self._watches:
            watch.again()

    def close_now(self, *, linger: int | None = None) -> None:
        """Close and wait, for as long as it lingers, until everything is released. Idempotent."""
        self._close_sockets(linger)
        self._context.term()

    async def close(self) -> None:
        """Close and wait, without holding the loop, until everything is released. Idempotent.

        Cancelling the wait leaves the release going on by itself.
        """
        self._close_sockets(None)
        if self._ending is None:
            self._ending = asyncio.ensure_future(asyncio.to_thread(self._context.term))
        await asyncio.shield(self._ending)

    def _close_sockets(self, linger: int | None) -> None:
        if self.closed:
            return
        self.closed = True
        for watch in self._watches:
            watch.stop()
        for path in self._files:
            path.unlink(missing_ok=True)  # while it is ours: ZeroMQ leaves it
        for socket in self._monitored:
            socket.monitor(None, 0)  # first: events for a reader that has gone would hold libzmq's thread
        for socket in self._sockets:
            socket.close(linger)

    def _inner(self, kind: int) -> zmq.Socket[bytes]:
        """Make a socket for talking with libzmq itself."""
        socket = self._context.socket(kind)
        socket.set(zmq.LINGER, 0)
        self._sockets.append(socket)
        return socket


class Watch:
    """Tells when a socket may have changed.

    The descriptor signals that *something* changed since the socket was last looked at, once, and any operation on
    the socket may take that signal away (libzmq issue 3641). So the callback asks again for everything there is to
    do, and whoever sends on a watched socket calls :meth:`again`.
    """

    def __init__(self, socket: zmq.Socket[bytes], on_change: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._socket = socket
        self._on_change = on_change
        self._descriptor = int(socket.get(zmq.FD))
        self._stopped = False
        self._loop.add_reader(self._descriptor, self._fired)
        self.again()  # what was there before is not signalled

    def again(self) -> None:
        """Look at the socket in the loop's next turn."""
        self._loop.call_soon(self._fired)

    def stop(self) -> None:
        """Never call back again."""
        self._stopped = True
        self._loop.remove_reader(self._descriptor)

    def _fired(self) -> None:
        if self._stopped:
            return
        self._socket.get(zmq.EVENTS)  # takes the signal, or the descriptor would stay readable
        self._on_change()


def _read_turns(pair: zmq.Socket[bytes], on_turn: Callable[[Turn], None]) -> None:
    while True:
        try:
            event, _endpoint = pair.recv_multipart(zmq.NOBLOCK)
        except zmq.Again:
            return
        on_turn(read_turn(event))


def _bind_file(socket: zmq.Socket[bytes], path: Path) -> None:
    """Listen on a file that only this user may open.

    ZeroMQ removes whatever stands at the path, a living listener's socket too: that one is asked first.
    """
    with sockets.socket(sockets.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            pass
        else:
            raise OSError(errno.EADDRINUSE, "another process listens there")
    socket.bind(f"ipc://{path}")
    path.chmod(0o600)


def _refusal(endpoint: str, configured: str, error: OSError | zmq.ZMQError) -> str:
    within = "" if endpoint == configured else f" (of {configured})"
    if error.errno == errno.EADDRINUSE:
        return f"{endpoint}{within} is taken by another process; end that one, or configure another address"
    if error.errno in _ABSENT:
        return f"{endpoint}{within} cannot be opened: its directory is missing; create it, or configure another address"
    if error.errno in _REFUSED:
        return f"{endpoint}{within} may not be opened by this user; grant the right, or configure another address"
    return f"{endpoint}{within} cannot be listened on ({error.strerror or error}); configure another address"
