"""The client's half of the protocol, without a socket: what to send first, and what each message means. Pure.

A :class:`Conversation` outlives its connections. Make one, and for each connection send :meth:`Conversation.opening`
and hand every text frame to :meth:`Conversation.receive`. It remembers the position, the largest seq that the server
has told of, so that the next opening resumes there; the server then sends every matching event after it once, or one
``resync``.
"""

from __future__ import annotations

from typing import Any, cast

import msgspec

from services.cli.errors import StreamRefused
from shared.positions import Position
from shared.protocol import NULL, Envelope, TransactionPlace, encode


class Registered(msgspec.Struct, frozen=True):
    """The connection stands; ``resumed`` says that nothing was missed since the last one."""

    client_id: str
    gateway: str
    epoch: str
    seq: int
    resumed: bool = False


class Happened(msgspec.Struct, frozen=True):
    """One event; ``text`` is its JSON as the server wrote it.

    Rows stay JSON text: PostgreSQL's numbers have more digits than any number here can.
    """

    event_type: str
    table: str
    id: str | None
    timestamp: str
    seq: int
    channel: str
    data: msgspec.Raw = NULL
    business_event: str | None = None
    changed: list[str] | None = None
    old: msgspec.Raw = NULL
    tx: TransactionPlace | None = None
    text: bytes = b""


class Resync(msgspec.Struct, frozen=True):
    """Events were lost to this client: what it shows of ``tables`` (None: of all) has to be loaded again."""

    reason: str
    epoch: str
    seq: int
    tables: list[str] | None = None


class DatabaseStatus(msgspec.Struct, frozen=True):
    """Whether the listener reaches the database, and since when."""

    database: str
    since: Any = None


class Reached(msgspec.Struct, frozen=True):
    """Everything up to here that is subscribed to was sent."""

    epoch: str
    seq: int


class _Refusal(msgspec.Struct):
    reason: str
    code: str = ""
    in_reply_to: str | None = None


Item = Registered | Happened | Resync | DatabaseStatus | Reached

_STRUCTURES: dict[str, type[Any]] = {
    "registered": Registered,
    "realtime_event": Happened,
    "resync": Resync,
    "status": DatabaseStatus,
    "position": Reached,
    "error": _Refusal,
}
_envelopes = msgspec.json.Decoder(Envelope)


class Conversation:
    """One client, under ``app_name``, with at most one subscription; none means every event. It begins at
    ``position``, without one in the present."""

    def __init__(
        self, app_name: str, subscription: dict[str, Any] | None = None, *, position: Position | None = None
    ) -> None:
        self.position = position
        self._app_name = app_name
        self._subscription = subscription

    def opening(self, now: float, token: str | None = None) -> str:
        """Return the ``register`` message, with the key where there is one; ``now`` is Unix time in seconds."""
        data: dict[str, Any] = {"app_name": self._app_name}
        if token is not None:
            data["token"] = token
        if self._subscription is not None:
            data["subscribe"] = [{"id": "cli", **self._subscription}]
        if self.position is not None:
            data["resume"] = self.position
        return encode("register", data, now).decode()

    def receive(self, text: str) -> Item | None:
        """Return what a message means to the user, None for those that mean nothing.

        Raises StreamRefused when the server did not accept what this client sent, or sent what is no message.
        """
        try:
            envelope = _envelopes.decode(text)
            structure = _STRUCTURES.get(envelope.message_type)
            fact = None if structure is None else msgspec.json.decode(envelope.data, type=structure)
        except (msgspec.DecodeError, RecursionError) as error:
            raise StreamRefused(
                f"expected a message of the Wasla protocol, got {text[:80]!r} ({error}); check the address"
            ) from None
        return self._take(fact, bytes(envelope.data))

    def _take(self, fact: Any, text: bytes) -> Item | None:
        match fact:
            case _Refusal(reason=reason):
                raise StreamRefused(reason)
            case Registered():
                self._stand_at(fact.epoch, fact.seq, forward_only=fact.resumed)
            case Resync() | Reached():
                self._stand_at(fact.epoch, fact.seq)
            case Happened():
                self._advance(fact.seq)
                return msgspec.structs.replace(fact, text=text)
        return None if fact is None else cast("Item", fact)

    def _stand_at(self, epoch: str, seq: int, *, forward_only: bool = False) -> None:
        # A server that has not seen the database yet has no epoch, and a position in none resumes nothing.
        if not epoch:
            return
        known = self.position
        if forward_only and known is not None and known.epoch == epoch:
            seq = max(known.seq, seq)
        self.position = Position(epoch, seq)

    def _advance(self, seq: int) -> None:
        if self.position is not None and seq > self.position.seq:
            self.position = Position(self.position.epoch, seq)
