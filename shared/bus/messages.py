"""What travels on the bus, as msgspec structures.

Published by a listener, to every gateway and monitor: :class:`Batch`, :class:`Beat`, :class:`Broadcast`,
:class:`RosterQuery`. Asked of one listener by a gateway: :class:`Hello`, :class:`ReplayRequest`,
:class:`BroadcastRequest`, :class:`RosterRequest`, :class:`CatalogRequest`,
:class:`RevocationsRequest`; and its :class:`RosterAnswer` to a query.
Times are Unix seconds.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from shared.catalog import Catalog
from shared.events import Event

UnixTime = Annotated[float, msgspec.Meta(ge=-62_135_596_800, le=253_402_300_799)]
"""A time that clients are told, so one that RFC 3339 can say: from the year 1 to 9999."""

UNKNOWN_REVOCATIONS: Final = 0
"""Version of revocations that were not read yet."""


class Batch(msgspec.Struct, frozen=True, tag="batch"):
    """Consecutive events of one epoch, ``events[0].seq == after_seq + 1``, at least one."""

    epoch: str
    after_seq: int
    events: list[Event]
    sequenced_at: float
    published_at: float


class Beat(msgspec.Struct, frozen=True, tag="beat"):
    """What a listener says four times a second, so that silence and loss are noticed.

    ``listener`` names the running process (it changes with a restart), ``database_since`` is when ``database_up``
    last changed. ``catalog_version`` changes when the catalogue did. Before the first look at the database the epoch
    is empty and ``top_seq`` is 0. ``revocations_version`` changes when something was revoked.
    """

    listener: str
    leading: bool
    epoch: str
    top_seq: int
    database_up: bool
    database_since: UnixTime
    catalog_version: int
    sent_at: float
    revocations_version: int = UNKNOWN_REVOCATIONS


class Sender(msgspec.Struct, frozen=True):
    """The client a broadcast comes from."""

    client_id: str
    app_name: str


class Recipient(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whom a broadcast is for; both None: everyone but the sender."""

    app_name: str | None = None
    client_id: str | None = None


class Broadcast(msgspec.Struct, frozen=True, tag="broadcast"):
    """A custom event for the clients of every gateway, at most once. ``data`` is JSON text."""

    broadcast_id: str
    event_type: str
    data: bytes
    sender: Sender
    to: Recipient


class RosterQuery(msgspec.Struct, frozen=True, tag="roster_query"):
    """Asks every gateway for its clients; each answers the listener with a :class:`RosterAnswer`."""

    query_id: str


Published = Batch | Beat | Broadcast | RosterQuery


class Hello(msgspec.Struct, frozen=True, tag="hello"):
    """A gateway makes itself known, once a second, so that a roster knows whom to wait for."""

    gateway: str


class ReplayRequest(msgspec.Struct, frozen=True, tag="replay"):
    """Asks for the events after a position, at most ``max_events`` and about ``max_bytes`` of them."""

    request_id: int
    epoch: str
    after_seq: int
    max_events: int
    max_bytes: int


class ReplayReply(msgspec.Struct, frozen=True, tag="replayed"):
    """Consecutive events from ``after_seq + 1`` on, possibly none when the reader is at the top.

    ``expired`` says that the log no longer holds ``after_seq + 1``; ``epoch`` may differ from the one asked for, and
    then there are no events either. ``top_seq`` is the listener's top at the time of the answer.
    """

    request_id: int
    epoch: str
    after_seq: int
    events: list[Event]
    top_seq: int
    expired: bool = False


class BroadcastRequest(msgspec.Struct, frozen=True, tag="send"):
    """Asks the listener to publish a broadcast; answered by :class:`Done` once it is published."""

    request_id: int
    broadcast: Broadcast


class RosterRequest(msgspec.Struct, frozen=True, tag="roster"):
    """Asks for the clients of every gateway."""

    request_id: int


class CatalogRequest(msgspec.Struct, frozen=True, tag="catalog"):
    """Asks for the catalogue of watched tables."""

    request_id: int


class RevocationsRequest(msgspec.Struct, frozen=True, tag="revocations"):
    """Asks for what was revoked."""

    request_id: int


class RosterEntry(msgspec.Struct, frozen=True):
    """One connected client; times are Unix seconds."""

    client_id: str
    app_name: str
    gateway: str
    connected_at: UnixTime
    last_seen: UnixTime


class RosterAnswer(msgspec.Struct, frozen=True, tag="roster_answer"):
    """One gateway's clients, in answer to a :class:`RosterQuery`."""

    query_id: str
    gateway: str
    clients: list[RosterEntry]


class RosterReply(msgspec.Struct, frozen=True, tag="roster_reply"):
    """Everybody's clients; ``missing`` names gateways that did not answer in time."""

    request_id: int
    clients: list[RosterEntry]
    missing: list[str]


class CatalogReply(msgspec.Struct, frozen=True, tag="catalog_reply"):
    """The catalogue in force and its version."""

    request_id: int
    version: int
    catalog: Catalog


class RevocationsReply(msgspec.Struct, frozen=True, tag="revocations_reply"):
    """What is revoked: by user, everything issued until that Unix time; and single tokens by their ids."""

    request_id: int
    version: int
    users: dict[str, float]
    token_ids: list[str]


class Done(msgspec.Struct, frozen=True, tag="done"):
    """The request was carried out."""

    request_id: int


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """The request was not carried out; ``reason`` is a sentence."""

    request_id: int
    reason: str


Request = ReplayRequest | BroadcastRequest | RosterRequest | CatalogRequest | RevocationsRequest
Notice = Hello | RosterAnswer
FromGateway = Request | Notice
Reply = ReplayReply | RosterReply | CatalogReply | RevocationsReply | Done | Failed
