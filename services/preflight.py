"""``python -m services.preflight``: can everything start here? Run by ``./run`` before supervisord.

A port that somebody else has would show as one process that fails again and again among five that log; here it is
one sentence and exit code 1. What is free now may be taken a moment later: then that process says so itself.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from services.monitor.settings import MonitorSettings
from services.pg_listener.settings import ListenerSettings
from shared.access.exposure import refuse_exposed
from shared.bus.addresses import TcpAddress, parse_address
from shared.bus.binding import bind_address
from shared.bus.choice import parse_choice
from shared.bus.opening import nats_access
from shared.errors import ConfigurationError

SUPERVISOR_SOCKET = Path(__file__).resolve().parent.parent / ".wasla" / "supervisor.sock"
MAX_SOCKET_PATH_BYTES = 90
"""supervisord binds its socket under a longer, temporary name; sun_path takes 103 bytes on every system."""


class Place(NamedTuple):
    """A TCP port one of ours will listen on, and the variable that moves it."""

    host: str
    port: int
    purpose: str
    variable: str


def places(monitor: MonitorSettings, listener: ListenerSettings) -> Iterator[Place]:
    """Yield every port that the processes of supervisord.conf listen on."""
    yield Place(monitor.host, monitor.port, "the gateways", "WASLA_PORT")
    yield Place(monitor.status_host, monitor.status_port, "the status page", "WASLA_STATUS_PORT")
    bus = bind_address(listener.bus_bind, listener.bus_connect) if parse_choice(listener.bus).zeromq else None
    if isinstance(bus, TcpAddress):
        yield Place(bus.host, bus.port, "the bus", "WASLA_BUS_BIND and WASLA_BUS_CONNECT")
        yield Place(bus.host, bus.port + 1, "the bus", "WASLA_BUS_BIND and WASLA_BUS_CONNECT")
    heartbeats = parse_address(monitor.heartbeat_address)
    if isinstance(heartbeats, TcpAddress):
        yield Place(heartbeats.host, heartbeats.port, "heartbeats", "WASLA_HEARTBEAT_ADDRESS")


def hindrances(expected: Iterable[Place], supervisor_socket: Path = SUPERVISOR_SOCKET) -> Iterator[str]:
    """Yield one sentence for each thing in the way; none when everything can start."""
    if len(bytes(supervisor_socket)) > MAX_SOCKET_PATH_BYTES:
        yield (
            f"{supervisor_socket} is too long for a unix socket: expected at most {MAX_SOCKET_PATH_BYTES} bytes; "
            "move the project to a shorter path"
        )
    elif _answers(supervisor_socket):
        yield (
            "this project runs here already: expected no supervisord at "
            f"{supervisor_socket}; end the other with Ctrl-C there, or with .venv/bin/supervisorctl shutdown"
        )
    else:
        yield from (sentence for place in expected if (sentence := _hindrance(place)) is not None)


def main() -> int:
    """Print what is in the way; return the exit code."""
    try:
        monitor = MonitorSettings.load()
        refuse_exposed(monitor.host, "WASLA_HOST", monitor)
        refuse_exposed(monitor.status_host, "WASLA_STATUS_HOST", monitor)
        listener = ListenerSettings.load()
        if servers := parse_choice(listener.bus).servers:
            nats_access(listener, servers)
        found = list(hindrances(places(monitor, listener)))
    except ConfigurationError as error:
        found = [str(error)]
    for sentence in found:
        print(f"run: {sentence}", file=sys.stderr)  # noqa: T201 - this is what the program is for
    return 1 if found else 0


def _hindrance(place: Place) -> str | None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return (
            f"{place.host} port {place.port}, where {place.purpose} should listen, cannot be used "
            f"({error.strerror}): end what listens there, or set {place.variable}"
        )
    return None


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(path))
        except OSError:
            return False
    return True


if __name__ == "__main__":
    sys.exit(main())
