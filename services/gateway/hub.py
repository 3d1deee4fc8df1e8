"""The hub: every connection of this gateway.

It owns the registry of clients, the database status they are shown, and the sweep over their deadlines. It runs in
one event loop and never waits: whatever takes a round trip is handed to the relay. What sessions ask for is carried
out by the effect handler.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from websockets.http11 import Request

from services.gateway import clients, compression, replies
from services.gateway.access.denials import Denial, Why
from services.gateway.access.gatekeeper import Gatekeeper
from services.gateway.access.turnstile import Turnstile
from services.gateway.connection import Connection, Phase
from services.gateway.context import Context, Waited
from services.gateway.database_status import DatabaseStatus
from services.gateway.deadlines import end_what_is_overdue
from services.gateway.delivery import Delivery
from services.gateway.effect_handler import EffectHandler
from services.gateway.errors import Refusal, Slug
from services.gateway.frames import text_frame
from services.gateway.limits import Limit, Limits
from services.gateway.readers import Reader
from services.gateway.relay import Relay
from services.gateway.rights.opening import tell_misfits
from services.gateway.session import Session, SessionState, error
from services.gateway.settings import GatewaySettings
from services.gateway.turns import Turns
from shared.bus.messages import Broadcast, RosterEntry
from shared.catalog import Catalog
from shared.close_codes import CloseCode
from shared.protocol import encode

SERVE_BUDGET: Final = 2000
"""Entries looked at for lagging readers before other work has its turn."""


class Hub:
    """See the module. ``serving`` turns False when the gateway drains; ``empty`` is set without connections."""

    def __init__(
        self,
        settings: GatewaySettings,
        name: str,
        delivery: Delivery,
        *,
        want_pages: Callable[[], None],
        gatekeeper: Gatekeeper | None = None,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self.name = name
        self.delivery = delivery
        self.clock = clock
        self.monotonic = monotonic
        self.serving = True
        self.max_connections = settings.max_connections
        self.empty = asyncio.Event()
        self.empty.set()
        self._catalog: Catalog | None = None
        self.status = DatabaseStatus(up=False, since=clock())
        self.connections: dict[Connection, None] = {}
        self.clients: dict[str, Connection] = {}
        self.closes: Counter[int] = Counter()
        self.errors: Counter[str] = Counter()
        self.drops: Counter[str] = Counter()
        self.relay: Relay | None = None
        self.gatekeeper = gatekeeper or Gatekeeper(settings)
        self.turnstile = Turnstile(settings, self.gatekeeper.audit, monotonic)
        self.strangers = Turns(settings.handshakes_per_turn)
        self._status_changed_at = monotonic()
        self._want_pages = want_pages
        self._limits = Limits.of(settings)
        self.extensions = compression.extensions(settings.compression_min)
        self._effects = EffectHandler(self)
        self._serving_lagging = False

    @property
    def catalog(self) -> Catalog | None:
        """What is watched, None until a listener has said so."""
        return self._catalog

    @catalog.setter
    def catalog(self, catalog: Catalog | None) -> None:
        self._catalog = catalog
        self.delivery.groups.vision.know(catalog)

    # What connections call.

    def connected(self, connection: Connection) -> None:
        """A socket was accepted."""
        self.empty.clear()
        self.connections[connection] = None

    def opened(self, connection: Connection, request: Request) -> None:
        """The handshake is complete: now it may register, unless there are too many, or its page may not connect."""
        if len(self.connections) > self.max_connections:
            self.turnstile.note(Limit.CONNECTIONS, connection.visit.remote)
            connection.close(CloseCode.TOO_MANY_CONNECTIONS)
        elif not self.serving:
            connection.close(CloseCode.GOING_AWAY)
        elif not self.gatekeeper.admits_page(connection, request, self.clock()):
            connection.close(CloseCode.FORBIDDEN_ORIGIN)
        else:
            connection.session = Session(secrets.token_hex(8), self.gatekeeper.presented(request))

    def received(self, connection: Connection, text: bytes | bytearray, waited: Waited = Waited.NOT) -> None:
        """A text frame came, just now or before the keys that it needs were read."""
        if connection.session is not None:
            context = Context(
                self.catalog, self._limits, self.clock(), self.gatekeeper.door, waited, self.gatekeeper.policy
            )
            self._effects.carry_out(connection, connection.session.receive(text, context))

    def received_binary(self, connection: Connection) -> None:
        """A binary frame came."""
        if connection.session is not None:
            self._effects.carry_out(connection, connection.session.receive_binary())

    def paused(self, reader: Reader) -> None:
        """A client's transport is full."""
        self.delivery.pause(reader)

    def unpaused(self, connection: Connection, paused_at: float) -> None:
        """A client reads again; *paused_at* is when it stopped, in monotonic seconds."""
        if connection.reader is None:
            return
        if connection.registered and self._status_changed_at >= paused_at:
            self.reply(connection, "status", replies.status(self.status))
        self.delivery.unpause(connection.reader, self.clock())
        self.attend()

    def closing(self, connection: Connection) -> None:
        """Nothing more is sent to this client."""
        if connection.reader is not None:
            self.delivery.leave(connection.reader)
        if connection.session is not None:
            connection.session.state = SessionState.CLOSED
            self.clients.pop(connection.session.client_id, None)
            self.gatekeeper.left(connection)

    def disconnected(self, connection: Connection) -> None:
        """The socket is gone."""
        self.closing(connection)
        self.connections.pop(connection, None)
        if not self.connections:
            self.empty.set()
        if connection.session is not None or connection.close_code is not None:
            self.closes[connection.close_code or 1006] += 1

    # What the feed, the relay and the ticks call.

    def attend(self) -> None:
        """Go on serving readers that lag; to be called after anything that may have left some behind."""
        if self.delivery.starved:
            self._want_pages()
        if self.delivery.ready and not self._serving_lagging:
            self._serving_lagging = True
            asyncio.get_running_loop().call_soon(self._serve_lagging)

    def show_status(self, status: DatabaseStatus) -> None:
        """Tell every client that the database went up or down; who is paused learns it when it reads on."""
        self.status = status
        self._status_changed_at = self.monotonic()
        frame = self._frame("status", replies.status(status))
        for connection in list(self.clients.values()):
            if connection.paused_at is None:
                connection.send(frame)

    def pass_on(self, broadcast: Broadcast) -> None:
        """Hand a custom event to those it is for; a client that is paused misses it."""
        frame = self._frame("custom_event", replies.custom_event(broadcast))
        for connection in clients.recipients(self.clients, broadcast):
            if connection.paused_at is None:
                connection.send(frame)
            else:
                self.drops["custom_event"] += 1

    def roster(self) -> list[RosterEntry]:
        """Return this gateway's clients."""
        return clients.roster(self.clients, self.name, self.clock() - self.monotonic())

    def reply(self, connection: Connection, message_type: str, data: dict[str, Any]) -> None:
        """Send one message to one client."""
        if message_type == "error":
            self.errors[data["code"]] += 1
        connection.send(self._frame(message_type, data))

    def refuse(
        self, connection: Connection, slug: Slug, in_reply_to: str, reference: str | int | None, **fields: object
    ) -> None:
        """Send one error to one client."""
        refusal = error(Refusal(slug, **fields), in_reply_to, reference)
        self.reply(connection, refusal.message_type, refusal.data)

    def tell_positions(self) -> None:
        """Tell clients where they stand. To be called at most once a second."""
        self.delivery.tell_positions(self.clock())

    def sweep(self) -> None:
        """End what is overdue. To be called about once a second."""
        now = self.monotonic()
        for connection in list(self.connections):
            end_what_is_overdue(connection, self.settings, now)
        self._end_what_has_expired()

    def end_what_is_revoked(self) -> None:
        """End every client whose admission has been taken back. To be called when the revocations are others."""
        for connection in list(self.clients.values()):
            session = clients.session_of(connection)
            if self.gatekeeper.door.has_revoked(session.admission):
                self._effects.carry_out(
                    connection, session.deny("session", Denial(Why.REVOKED, session.admission.user))
                )

    def review_rights(self) -> None:
        """Have every client see what the policy says now, in turns. To be called when the policy was read again."""
        tell_misfits(self.gatekeeper.policy, self.catalog)
        for connection in self.clients.values():
            # To compute thousands of views takes longer than anybody is to wait for an event.
            self.strangers.ask(partial(self._review, connection))

    def take_up_postponed(self, *, are_read: bool) -> None:
        """Carry out what waited for the keys, in its turns. To be called after a reading; *are_read*: it succeeded."""
        for postponed in self.gatekeeper.take_postponed(are_read=are_read):
            self.strangers.ask(partial(self._take_up, *postponed))

    def _review(self, connection: Connection) -> None:
        if connection.registered:
            self._effects.carry_out(connection, clients.session_of(connection).review(self.gatekeeper.policy))

    def _take_up(self, connection: Connection, text: bytes, waited: Waited) -> None:
        if connection.phase is Phase.OPEN:
            self.received(connection, text, waited)

    def _end_what_has_expired(self) -> None:
        now, expiries = self.clock(), self.gatekeeper.expiries
        for client_id, expires_at in expiries.to_warn(now):
            self.reply(self.clients[client_id], "token_expiring", replies.expires(expires_at))
        for client_id in expiries.over(now):
            connection = self.clients[client_id]
            session = clients.session_of(connection)
            self._effects.carry_out(connection, session.deny("session", Denial(Why.EXPIRED, session.admission.user)))

    def _serve_lagging(self) -> None:
        self._serving_lagging = False
        self.delivery.serve(SERVE_BUDGET)
        self.attend()

    def _frame(self, message_type: str, data: Any) -> bytes:
        return text_frame(encode(message_type, data, self.clock()))
