"""The listening socket: shared by every gateway of the machine, and drained without losing a handshake.

Each gateway binds the same port with SO_REUSEPORT; the kernel spreads new connections over them. What the kernel may
hold unsent for a client is bounded on the listening socket, whose options accepted sockets inherit (socket(7)).
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import resource
import socket

import structlog

from services.gateway.access.turnstile import TurnedAway, Visit
from services.gateway.connection import Connection
from services.gateway.hub import Hub
from services.gateway.limits import Limit
from services.gateway.settings import GatewaySettings
from services.gateway.tls_turns import GivenUp, TlsTurns
from services.gateway.turning_away import TurningAway
from shared.access.tls import Certificate
from shared.close_codes import CloseCode
from shared.errors import ConfigurationError

log = structlog.get_logger(__name__)

_SPARE_DESCRIPTORS = 256
_ACCEPT_RETRY = 1.0
_CLOSES_PER_SECOND = 500
_DRAIN_STEP = 0.02
_HANDSHAKE_PATIENCE = 1.0


def listening_socket(settings: GatewaySettings) -> socket.socket:
    """Return the bound socket, not listening yet; raise ConfigurationError when the port cannot be had."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, settings.send_buffer_bytes)
        sock.setblocking(False)
        sock.bind((settings.host, settings.port))
    except OSError as error:
        sock.close()
        raise ConfigurationError(_sentence(settings, error)) from None
    return sock


class Port:
    """The open port: accepts a few connections in each turn of the loop, until closed.

    A server of the loop's own would accept all that wait, thousands when another gateway has died, in one turn.
    """

    def __init__(self, sock: socket.socket, hub: Hub, certificate: Certificate | None = None) -> None:
        self._socket = sock
        self._certificate = certificate
        self._hub = hub
        self._loop = asyncio.get_running_loop()
        self._turning_away = TurningAway(self._loop)
        self._tls_turns = TlsTurns(hub.strangers)
        self._beginning: set[asyncio.Task[None]] = set()
        self.number: int = sock.getsockname()[1]
        sock.listen(hub.settings.backlog)
        self._open()

    def close(self) -> None:
        """Take what waits and close at once, so that next to nothing comes between and is reset."""
        self._loop.remove_reader(self._socket)
        with contextlib.suppress(OSError):
            while True:
                self._accept_one()
        self._socket.close()
        self._turning_away.close()

    async def begun(self) -> None:
        """Return when every connection that was accepted has begun; a TLS handshake is given a second."""
        if self._beginning:
            _, late = await asyncio.wait(self._beginning, timeout=_HANDSHAKE_PATIENCE)
            for task in late:
                task.cancel()

    def _open(self) -> None:
        if self._socket.fileno() >= 0:
            self._loop.add_reader(self._socket, self._accept)

    def _accept(self) -> None:
        try:
            for _ in range(self._hub.settings.handshakes_per_turn):
                self._accept_one()
        except BlockingIOError:
            return
        except OSError as error:
            # No descriptor or no memory is left. The connection still waits, and asking again at once would not help.
            log.warning("connections cannot be accepted", reason=str(error), retry_in=_ACCEPT_RETRY)
            self._loop.remove_reader(self._socket)
            self._loop.call_later(_ACCEPT_RETRY, self._open)

    def _accept_one(self) -> None:
        try:
            sock, peer = self._socket.accept()
        except ConnectionAbortedError:
            return  # the client has gone already
        sock.setblocking(False)
        try:
            visit = self._hub.turnstile.arrive(str(peer[0]), self._hub.max_connections)
        except TurnedAway as reason:
            self._turn_away(sock, reason)
            return
        task = self._loop.create_task(self._begin(sock, visit))
        self._beginning.add(task)
        task.add_done_callback(self._beginning.discard)

    def _turn_away(self, sock: socket.socket, reason: TurnedAway) -> None:
        if self._certificate is None:
            self._turning_away.answer(sock, reason)
        else:
            sock.close()  # an answer would cost the TLS handshake that is to be spared

    async def _begin(self, sock: socket.socket, visit: Visit) -> None:
        try:
            if self._certificate is None:
                await self._loop.connect_accepted_socket(lambda: Connection(self._hub, visit), sock)
            else:
                await self._begin_tls(sock, visit, self._certificate)
        except OSError as error:  # a failed TLS handshake is one, and a TimeoutError
            if isinstance(error, GivenUp):
                self._hub.turnstile.note(Limit.TLS_HANDSHAKES, visit.remote)
            sock.close()
            self._hub.turnstile.leave(visit)

    async def _begin_tls(self, sock: socket.socket, visit: Visit, certificate: Certificate) -> None:
        settings = self._hub.settings
        async with self._tls_turns.turn(sock, patience=settings.handshake_timeout, site=visit.site):
            await self._loop.connect_accepted_socket(
                lambda: Connection(self._hub, visit),
                sock,
                ssl=certificate.context,
                ssl_handshake_timeout=settings.handshake_timeout,
                ssl_shutdown_timeout=settings.close_timeout,
            )


async def listen(settings: GatewaySettings, hub: Hub, certificate: Certificate | None = None) -> Port:
    """Open the port, for TLS where there is a certificate."""
    hub.max_connections = allow_connections(settings.max_connections)
    port = Port(listening_socket(settings), hub, certificate)
    tls, asks = certificate is not None, hub.gatekeeper.door.asks
    log.info("listening", host=settings.host, port=port.number, tls=tls, authenticated=asks)
    return port


def allow_connections(wanted: int) -> int:
    """Raise the limit of open files as far as *wanted* connections need and the system lets us; return how many fit.

    Who comes beyond that is told so with a close code; without the bound it would wait unaccepted.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + _SPARE_DESCRIPTORS
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    possible = wanted if soft == resource.RLIM_INFINITY else min(wanted, max(1, soft - _SPARE_DESCRIPTORS))
    if possible < wanted:
        log.info("connections are bounded by the limit of open files", max_connections=possible, limit=soft)
    return possible


async def drain(port: Port, hub: Hub) -> None:
    """Accept what is queued, close the port, close the clients with 1001 spread over a while, and wait for them."""
    hub.serving = False
    port.close()
    await port.begun()
    log.info("draining", clients=len(hub.clients))
    await _close_clients(hub)
    await _wait_for_clients(hub)


async def _close_clients(hub: Hub) -> None:
    connections = list(hub.connections)
    span = min(hub.settings.drain_timeout, len(connections) / _CLOSES_PER_SECOND)
    steps = max(1, int(span / _DRAIN_STEP))
    for step in range(steps):
        for connection in connections[step::steps]:
            connection.close(CloseCode.GOING_AWAY)
        if step < steps - 1:
            await asyncio.sleep(_DRAIN_STEP)


async def _wait_for_clients(hub: Hub) -> None:
    """Wait until every client has confirmed, for a second at most; then let go of the rest."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(1.0):
            await hub.empty.wait()
    for connection in list(hub.connections):
        connection.abort()


def _sentence(settings: GatewaySettings, error: OSError) -> str:
    where = f"{settings.host}:{settings.port}"
    if error.errno == errno.EADDRINUSE:
        return f"WASLA_PORT: {where} is taken by another program; stop it, or choose another port"
    if error.errno == errno.EACCES:
        return f"WASLA_PORT: {where} may not be opened by this user; choose a port above 1023"
    return f"WASLA_HOST: expected an address of this machine, got {where} ({error.strerror or error})"
