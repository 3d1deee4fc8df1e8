"""What is overdue on a connection: one look at each, about once a second, in place of a timer for each.

A client is pinged after a silence and has a time to answer counted from that ping, so that a gateway that was held
itself does not take its clients for dead. A paused client cannot see a ping before it has read what waits for it:
there, reading at all is the sign of life.
"""

from __future__ import annotations

from services.gateway.connection import Connection, Phase
from services.gateway.settings import GatewaySettings
from shared.close_codes import CloseCode


def end_what_is_overdue(connection: Connection, settings: GatewaySettings, now: float) -> None:
    """Ping, close or abort *connection* if its time has come; ``now`` is monotonic seconds."""
    if connection.phase is Phase.HANDSHAKE:
        # Where it has spoken and waits for its turn, it is this gateway that is late.
        if now >= connection.deadline and not connection.is_kept_waiting:
            connection.refuse_handshake()
    elif connection.phase is Phase.CLOSING:
        if now >= connection.deadline:
            connection.abort()
    elif connection.registered:
        _watch_link(connection, settings, now)
    elif now >= connection.deadline and not connection.is_kept_waiting:
        connection.close(CloseCode.REGISTER_TIMEOUT)


def _watch_link(connection: Connection, settings: GatewaySettings, now: float) -> None:
    if connection.paused_at is not None:
        if now - connection.paused_at >= settings.stalled_timeout:
            connection.close(CloseCode.TOO_SLOW)
    elif connection.pinged_at is not None:
        if now - connection.pinged_at >= settings.ping_timeout:
            connection.close(CloseCode.PING_TIMEOUT)
    elif now - connection.last_seen >= settings.ping_interval:
        connection.ping()
