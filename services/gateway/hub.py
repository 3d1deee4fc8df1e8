"""The hub: every connection of this gateway, and what the sessions' effects mean.

It owns the registry of clients, the database status they are shown, and the sweep over their deadlines. It runs in
one event loop and never waits: whatever takes a round trip is handed to the relay.
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

from services.gateway import clients, replies
from services.gateway.access.denials import Denial, Why
from services.gateway.access.gatekeeper import Gatekeeper
from services.gateway.connection import Connection, Phase
from services.gateway.database_status import DatabaseStatus
from services.gateway.deadlines import end_what_is_overdue
from services.gateway.delivery import Delivery
from services.gateway.effects import (
    AskRoster,
    Close,
    Deny,
    Effect,
    Enter,
    Interested,
    Look,
    Postpone,
    Publish,
    Renew,
    Reply,
)
from services.gateway.errors import Refusal, Slug
from services.gateway.frames import text_frame
from services.gateway.readers import Reader
from services.gateway.relay import Relay
from services.gateway.rights.opening import tell_misfits
from services.gateway.rights.views import View
from services.gateway.session import Context, Limits, Session, SessionState, Waited, error
from services.gateway.settings import GatewaySettings
from services.gateway.turns import Turns
from shared.bus.messages import Broadcast, RosterEntry, RosterReply, Sender
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
        self.strangers = Turns(settings.handshakes_per_turn)
        self._status_changed_at = monotonic()
        self._want_pages = want_pages
        self._limits = Limits(
            settings.max_subscriptions, settings.max_where_conditions, settings.max_messages_per_second
        )
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
            self._apply(connection, connection.session.receive(text, context))

    def received_binary(self, connection: Connection) -> None:
        """A binary frame came."""
        if connection.session is not None:
            self._apply(connection, connection.session.receive_binary())

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
                self._apply(connection, session.deny("session", Denial(Why.REVOKED, session.admission.user)))

    def review_rights(self) -> None:
        """Have every client see what the policy says now. To be called when the policy was read again."""
        tell_misfits(self.gatekeeper.policy, self.catalog)
        for connection in list(self.clients.values()):
            self._apply(connection, clients.session_of(connection).review(self.gatekeeper.policy))

    def take_up_postponed(self, *, are_read: bool) -> None:
        """Carry out what waited for the keys, in its turns. To be called after a reading; *are_read*: it succeeded."""
        for postponed in self.gatekeeper.take_postponed(are_read=are_read):
            self.strangers.ask(partial(self._take_up, *postponed))

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
            self._apply(connection, session.deny("session", Denial(Why.EXPIRED, session.admission.user)))

    def _apply(self, connection: Connection, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Reply(message_type, data):
                    self.reply(connection, message_type, data)
                case Enter():
                    self._enter(connection, effect)
                case Interested():
                    self._change_interest(connection, effect)
                case Publish():
                    self._publish(connection, effect)
                case AskRoster():
                    self._ask_roster(connection, effect)
                case Look(view):
                    self._look(connection, view)
                case Renew() | Postpone() | Deny():
                    self._keep_the_door(connection, effect)
                case Close(code):
                    connection.close(code)

    def _keep_the_door(self, connection: Connection, effect: Renew | Postpone | Deny) -> None:
        match effect:
            case Renew(admission):
                self.gatekeeper.entered(clients.session_of(connection))
                self.reply(connection, "token_accepted", replies.expires(admission.expires_at))
            case Postpone(text):
                if not self.gatekeeper.postpone(connection, text):
                    self.received(connection, text, Waited.IN_VAIN)
            case Deny(what, denial):
                self.gatekeeper.audit.refused(connection, what, denial, self.clock())

    def _enter(self, connection: Connection, effect: Enter) -> None:
        """Tell a client where it stands and begin its stream there."""
        session = clients.session_of(connection)
        position = effect.resume
        stands_at = position if position is not None and self.delivery.can_resume(position) else self.delivery.position
        # Who is ahead of this gateway goes on from where it stands once the stream arrives there, if it ever does.
        resumed = stands_at is position and not self.delivery.is_ahead(stands_at)
        self.clients[session.client_id] = connection
        self.gatekeeper.entered(session)
        registered = replies.registered(session.client_id, self.name, stands_at, resumed, self.settings.ping_interval)
        self.reply(connection, "registered", registered)
        self.reply(connection, "status", replies.status(self.status))
        connection.reader = self._begin(connection, effect)
        if connection.paused_at is not None:
            self.delivery.pause(connection.reader)
        self.attend()

    def _begin(self, connection: Connection, effect: Enter) -> Reader:
        write = connection.transport.write
        if effect.resume is None:
            return self.delivery.join(write, effect.interest, effect.view)
        return self.delivery.resume(
            write, effect.interest, effect.resume, effect.view, now=self.clock(), monotonic=self.monotonic()
        )

    def _look(self, connection: Connection, view: View | None) -> None:
        if connection.reader is not None:
            self.delivery.change_view(connection.reader, view, self.clock())
            self.attend()

    def _change_interest(self, connection: Connection, effect: Interested) -> None:
        if connection.reader is None:
            raise AssertionError("only a registered session changes its interest")
        seq = self.delivery.change_interest(connection.reader, effect.interest)
        data: dict[str, Any] = {"id": effect.id}
        if effect.confirmation == "subscribed":
            data["seq"] = seq
        self.reply(connection, effect.confirmation, data)
        self.attend()

    def _publish(self, connection: Connection, effect: Publish) -> None:
        session = clients.session_of(connection)
        broadcast = Broadcast(
            broadcast_id=secrets.token_hex(8),
            event_type=effect.event_type,
            data=effect.data,
            sender=Sender(session.client_id, session.app_name),
            to=effect.to,
        )
        self._required_relay.publish(
            broadcast, lambda published: self._confirm(connection, effect, published=published)
        )

    def _confirm(self, connection: Connection, effect: Publish, *, published: bool) -> None:
        """Tell the sender what became of its broadcast."""
        if not published:
            self.refuse(connection, Slug.UNAVAILABLE, effect.in_reply_to, effect.id, what="a broadcast")
        elif effect.id is not None:
            self.reply(connection, "broadcasted", {"id": effect.id})

    def _ask_roster(self, connection: Connection, effect: AskRoster) -> None:
        def settle(reply: RosterReply | None) -> None:
            if reply is None:
                self.refuse(connection, Slug.UNAVAILABLE, "clients", effect.id, what="a list of clients")
            else:
                self.reply(connection, "clients", replies.clients(reply))

        self._required_relay.ask_roster(settle)

    @property
    def _required_relay(self) -> Relay:
        if self.relay is None:
            raise AssertionError("the relay is attached before the port is opened")
        return self.relay

    def _serve_lagging(self) -> None:
        self._serving_lagging = False
        self.delivery.serve(SERVE_BUDGET)
        self.attend()

    def _frame(self, message_type: str, data: Any) -> bytes:
        return text_frame(encode(message_type, data, self.clock()))
