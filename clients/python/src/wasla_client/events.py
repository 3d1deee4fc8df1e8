"""What the application is handed: frozen objects with the protocol's fields.

A field that a gateway does not send is None. Text stays as it was sent; :attr:`Event.changed_at` reads the time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

from wasla_client.positions import Position

Row: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Transaction:
    """The place of an event in its transaction: the ``index``-th (from 0) of ``size``."""

    id: str
    index: int
    size: int


@dataclass(frozen=True, slots=True)
class Event:
    """One change of one row; ``position`` is where a client stands that has processed it.

    ``data`` is the new row, the old one of a DELETE, None where only metadata is sent. ``changed`` and ``old`` are an
    UPDATE's: the columns that changed, and their former values.
    """

    event_type: str
    table: str
    id: str | None
    timestamp: str
    data: Row | None
    seq: int
    channel: str
    business_event: str | None
    changed: tuple[str, ...] | None
    old: Row | None
    origin: str | None
    tx: Transaction | None
    position: Position

    @property
    def changed_at(self) -> datetime:
        """When the change was made, by the database's clock."""
        return datetime.fromisoformat(self.timestamp)


@dataclass(frozen=True, slots=True)
class Resync:
    """Changes up to ``position`` cannot be told one by one: load these tables again (None: all), then go on.

    ``reason`` is ``epoch_changed``, ``position_expired``, ``capture_failed``, ``rights_changed``, or one that is new.
    """

    reason: str
    tables: tuple[str, ...] | None
    position: Position


Item: TypeAlias = Event | Resync
"""What a stream of events consists of."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who broadcast."""

    client_id: str
    app_name: str


@dataclass(frozen=True, slots=True)
class CustomEvent:
    """What another client broadcast."""

    event_type: str
    data: Any
    sender: Sender


@dataclass(frozen=True, slots=True)
class Notice:
    """An ``error`` that a gateway sent; ``code`` is stable, ``reason`` is for people."""

    code: str
    reason: str
    in_reply_to: str | None
    id: str | int | None


@dataclass(frozen=True, slots=True)
class Problem:
    """Something went wrong and was dealt with as far as it could be.

    ``code`` is a gateway's (then ``in_reply_to`` and ``id`` say of what), or one of ``gave_up`` (with ``close_code``),
    ``handler_failed`` and ``token_failed`` (with ``cause``).
    """

    code: str
    reason: str
    in_reply_to: str | None = None
    id: str | int | None = None
    cause: Exception | None = None
    close_code: int | None = None


@dataclass(frozen=True, slots=True)
class Connected:
    """A link stands; ``resumed``: what was missed follows. ``ping_interval`` is in seconds."""

    client_id: str
    gateway: str
    resumed: bool
    ping_interval: float | None
    position: Position


@dataclass(frozen=True, slots=True)
class Disconnected:
    """A link that stood has ended; ``reason`` says in a sentence what ``code`` means."""

    url: str
    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class Peer:
    """A client of any gateway; times as they were sent."""

    client_id: str
    app_name: str
    gateway: str
    connected_at: str | None
    last_seen: str | None


@dataclass(frozen=True, slots=True)
class Roster:
    """Everybody; ``missing`` names the gateways that did not answer in time: empty, the roster is whole."""

    clients: tuple[Peer, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Status:
    """What is known of the link, as one moment's snapshot.

    ``last_event_age`` is in seconds, ``latency_ms`` in milliseconds; ``database``, ``latency_ms`` and the two of the
    last event are None while they are not known.
    """

    connected: bool
    connecting: bool
    reconnect_attempts: int
    database: Literal["up", "down"] | None
    last_event_at: datetime | None
    last_event_age: float | None
    latency_ms: float | None
    url: str | None


def event(data: Mapping[str, Any], epoch: str) -> Event:
    """Read the data of a ``realtime_event``."""
    changed, tx = data.get("changed"), data.get("tx")
    return Event(
        event_type=data["event_type"],
        table=data["table"],
        id=data.get("id"),
        timestamp=data.get("timestamp", ""),
        data=data.get("data"),
        seq=data["seq"],
        channel=data.get("channel", ""),
        business_event=data.get("business_event"),
        changed=None if changed is None else tuple(changed),
        old=data.get("old"),
        origin=data.get("origin"),
        tx=None if tx is None else Transaction(str(tx.get("id", "")), tx.get("index", 0), tx.get("size", 1)),
        position=Position(epoch, data["seq"]),
    )


def resync(data: Mapping[str, Any]) -> Resync:
    """Read the data of a ``resync``."""
    tables = data.get("tables")
    return Resync(
        reason=data.get("reason", ""),
        tables=None if tables is None else tuple(tables),
        position=Position(data["epoch"], data["seq"]),
    )


def custom_event(data: Mapping[str, Any]) -> CustomEvent:
    """Read the data of a ``custom_event``."""
    sender = data.get("from") or {}
    return CustomEvent(
        event_type=data["event_type"],
        data=data.get("data"),
        sender=Sender(sender.get("client_id", ""), sender.get("app_name", "")),
    )


def notice(data: Mapping[str, Any]) -> Notice:
    """Read the data of an ``error``."""
    return Notice(data.get("code", ""), data.get("reason", ""), data.get("in_reply_to"), data.get("id"))


def connected(data: Mapping[str, Any]) -> Connected:
    """Read the data of ``registered``."""
    return Connected(
        client_id=data.get("client_id", ""),
        gateway=data.get("gateway", ""),
        resumed=data.get("resumed") is True,
        ping_interval=data.get("ping_interval"),
        position=Position(data["epoch"], data["seq"]),
    )


def roster(data: Mapping[str, Any]) -> Roster:
    """Read the data of ``clients``."""
    return Roster(
        clients=tuple(_peer(entry) for entry in data.get("clients") or ()), missing=tuple(data.get("missing") or ())
    )


def _peer(entry: Mapping[str, Any]) -> Peer:
    return Peer(
        client_id=entry.get("client_id", ""),
        app_name=entry.get("app_name", ""),
        gateway=entry.get("gateway", ""),
        connected_at=entry.get("connected_at"),
        last_seen=entry.get("last_seen"),
    )
