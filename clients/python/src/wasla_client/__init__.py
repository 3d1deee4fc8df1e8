"""Changes committed in PostgreSQL, as they are committed: the Python client of Wasla.

::

    from wasla_client import Resync, connect

    async with connect("ws://127.0.0.1:8765", app_name="board") as client:
        async for item in client.events(table="bookings"):
            if isinstance(item, Resync):
                reload(item.tables)
            else:
                show(item.data)

Scripts without asyncio: :mod:`wasla_client.sync`. What it promises, and every name: the README.
"""

from wasla_client.client import Client, connect
from wasla_client.errors import ClientClosed, GaveUp, NoAnswer, NotConnected, QueueFull, Rejected, WaslaError
from wasla_client.events import (
    Connected,
    CustomEvent,
    Disconnected,
    Event,
    Item,
    Notice,
    Peer,
    Problem,
    Resync,
    Roster,
    Sender,
    Status,
    Transaction,
)
from wasla_client.positions import Position
from wasla_client.streams import EventStream

__all__ = [
    "Client",
    "ClientClosed",
    "Connected",
    "CustomEvent",
    "Disconnected",
    "Event",
    "EventStream",
    "GaveUp",
    "Item",
    "NoAnswer",
    "NotConnected",
    "Notice",
    "Peer",
    "Position",
    "Problem",
    "QueueFull",
    "Rejected",
    "Resync",
    "Roster",
    "Sender",
    "Status",
    "Transaction",
    "WaslaError",
    "connect",
]
