"""The registered clients of a gateway: who they are, and whom a broadcast is for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from services.gateway.connection import Connection
from services.gateway.session import Session
from shared.bus.messages import Broadcast, RosterEntry

Clients = Mapping[str, Connection]
"""Connections by client id."""


def session_of(connection: Connection) -> Session:
    """Return the session of a connection that has one: every registered one."""
    if connection.session is None:
        raise AssertionError("only a session makes effects and registers")
    return connection.session


def roster(clients: Clients, gateway: str, to_unix: float) -> list[RosterEntry]:
    """Return the clients' entries; *to_unix* turns monotonic seconds into Unix time."""
    return [
        RosterEntry(
            client_id,
            session_of(connection).app_name,
            gateway,
            connection.connected_at + to_unix,
            connection.last_seen + to_unix,
        )
        for client_id, connection in clients.items()
    ]


def recipients(clients: Clients, broadcast: Broadcast) -> Iterator[Connection]:
    """Yield everyone a broadcast is for; never its sender."""
    to = broadcast.to
    if to.client_id is None:
        candidates = list(clients.values())
    else:
        candidates = [clients[to.client_id]] if to.client_id in clients else []
    for connection in candidates:
        session = session_of(connection)
        if session.client_id != broadcast.sender.client_id and to.app_name in (None, session.app_name):
            yield connection
