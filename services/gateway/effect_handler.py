"""Carries out what sessions ask for: each effect is a call on the hub, on delivery, on the relay or at the door."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from services.gateway import clients, replies
from services.gateway.access.turnstile import Replay
from services.gateway.connection import Connection
from services.gateway.context import Waited
from services.gateway.effects import (
    AskRoster,
    Close,
    Deny,
    Effect,
    Enter,
    Interested,
    Limited,
    Look,
    Postpone,
    Publish,
    Renew,
    Reply,
)
from services.gateway.errors import Slug
from services.gateway.limits import Limit
from services.gateway.readers import Reader
from services.gateway.relay import Relay
from services.gateway.rights.views import View
from shared.bus.messages import Broadcast, RosterReply, Sender
from shared.close_codes import CloseCode
from shared.positions import Position

if TYPE_CHECKING:
    from services.gateway.hub import Hub


class EffectHandler:
    """See the module. It keeps nothing of its own."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def carry_out(self, connection: Connection, effects: list[Effect]) -> None:
        """Carry out the effects in order."""
        for effect in effects:
            match effect:
                case Reply(message_type, data):
                    self._hub.reply(connection, message_type, data)
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
                case Renew() | Postpone() | Deny() | Limited():
                    self._keep_the_door(connection, effect)
                case Close(code):
                    connection.close(code)

    def _keep_the_door(self, connection: Connection, effect: Renew | Postpone | Deny | Limited) -> None:
        match effect:
            case Renew(admission):
                self._hub.gatekeeper.entered(clients.session_of(connection))
                self._hub.reply(connection, "token_accepted", replies.expires(admission.expires_at))
            case Postpone(text):
                if not self._hub.gatekeeper.postpone(connection, text):
                    self._hub.received(connection, text, Waited.IN_VAIN)
            case Deny(what, denial):
                self._hub.gatekeeper.audit.refused(connection, what, denial, self._hub.clock())
            case Limited(limit):
                self._hub.turnstile.note(limit, connection.visit.remote)

    def _enter(self, connection: Connection, effect: Enter) -> None:
        """Tell a client where it stands and begin its stream there."""
        session = clients.session_of(connection)
        position = effect.resume
        replay = Replay.NOW if position is None else self._replay(connection, position, effect.view)
        if replay is Replay.LATER:
            connection.close(CloseCode.RESUME_LATER)
            return
        stands_at = self._hub.delivery.joins_at(effect.view)
        if position is not None and self._hub.delivery.can_resume(position, effect.view):
            stands_at = position
        # Who is ahead of this gateway goes on from where it stands once the stream arrives there, if it ever does.
        resumed = stands_at is position and not self._hub.delivery.is_ahead(stands_at)
        self._hub.clients[session.client_id] = connection
        self._hub.gatekeeper.entered(session)
        registered = replies.registered(
            session.client_id, self._hub.name, stands_at, resumed, self._hub.settings.ping_interval
        )
        self._hub.reply(connection, "registered", registered)
        self._hub.reply(connection, "status", replies.status(self._hub.status))
        connection.reader = self._begin(connection, effect, replay)
        if connection.paused_at is not None:
            self._hub.delivery.pause(connection.reader)
        self._hub.attend()

    def _replay(self, connection: Connection, position: Position, view: View | None) -> Replay:
        """Tell what becomes of a resume; nobody is charged for what it is not sent."""
        if not self._hub.delivery.can_resume(position, view):
            return Replay.NEVER
        missed = self._hub.delivery.missed_since(position)
        if missed > self._hub.settings.max_resume_events:
            self._hub.turnstile.note(Limit.RESUME_RANGE, connection.visit.remote)
            return Replay.NEVER
        return self._hub.turnstile.replay(connection.visit, missed)

    def _begin(self, connection: Connection, effect: Enter, replay: Replay) -> Reader:
        write = connection.transport.write
        if effect.resume is None:
            return self._hub.delivery.join(write, effect.interest, effect.view, deflates=connection.deflates)
        return self._hub.delivery.resume(
            write,
            effect.interest,
            effect.resume,
            effect.view,
            now=self._hub.clock(),
            monotonic=self._hub.monotonic(),
            expired=replay is Replay.NEVER,
            deflates=connection.deflates,
        )

    def _look(self, connection: Connection, view: View | None) -> None:
        if connection.reader is not None:
            self._hub.delivery.change_view(connection.reader, view, self._hub.clock())
            self._hub.attend()

    def _change_interest(self, connection: Connection, effect: Interested) -> None:
        if connection.reader is None:
            raise AssertionError("only a registered session changes its interest")
        seq = self._hub.delivery.change_interest(connection.reader, effect.interest)
        data: dict[str, Any] = {"id": effect.id}
        if effect.confirmation == "subscribed":
            data["seq"] = seq
        self._hub.reply(connection, effect.confirmation, data)
        self._hub.attend()

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
            self._hub.refuse(connection, Slug.UNAVAILABLE, effect.in_reply_to, effect.id, what="a broadcast")
        elif effect.id is not None:
            self._hub.reply(connection, "broadcasted", {"id": effect.id})

    def _ask_roster(self, connection: Connection, effect: AskRoster) -> None:
        def settle(reply: RosterReply | None) -> None:
            if reply is None:
                self._hub.refuse(connection, Slug.UNAVAILABLE, "clients", effect.id, what="a list of clients")
            else:
                self._hub.reply(connection, "clients", replies.clients(reply))

        self._required_relay.ask_roster(settle)

    @property
    def _required_relay(self) -> Relay:
        if self._hub.relay is None:
            raise AssertionError("the relay is attached before the port is opened")
        return self._hub.relay
