"""The data of the messages a gateway sends that are more than an echo."""

from __future__ import annotations

from typing import Any

import msgspec

from services.gateway.database_status import DatabaseStatus
from shared.bus.messages import Broadcast, RosterReply
from shared.positions import Position
from shared.protocol import timestamp

Data = dict[str, Any]


def registered(client_id: str, gateway: str, position: Position, resumed: bool, ping_interval: float) -> Data:
    """Return where a client stands from now on; ``ping_interval`` is in seconds."""
    return {
        "client_id": client_id,
        "gateway": gateway,
        "epoch": position.epoch,
        "seq": position.seq,
        "resumed": resumed,
        "ping_interval": ping_interval,
    }


def expires(expires_at: float | None) -> Data:
    """Return until when a token is good, in Unix seconds; null for no end."""
    return {"expires_at": None if expires_at is None else timestamp(expires_at)}


def status(database: DatabaseStatus) -> Data:
    """Return what the DB indicator shows."""
    return {"database": "up" if database.up else "down", "since": timestamp(database.since)}


def custom_event(broadcast: Broadcast) -> Data:
    """Return a broadcast as its recipients get it."""
    return {
        "event_type": broadcast.event_type,
        "data": msgspec.Raw(broadcast.data),
        "from": {"client_id": broadcast.sender.client_id, "app_name": broadcast.sender.app_name},
    }


def clients(roster: RosterReply) -> Data:
    """Return everybody's clients; ``missing`` names gateways that did not answer in time."""
    entries = [
        {
            "client_id": entry.client_id,
            "app_name": entry.app_name,
            "gateway": entry.gateway,
            "connected_at": timestamp(entry.connected_at),
            "last_seen": timestamp(entry.last_seen),
        }
        for entry in roster.clients
    ]
    return {"clients": entries, "missing": roster.missing}
