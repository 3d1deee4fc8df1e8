"""One client's conversation: what each message means in each state, and what is to be done about it.

The machine has three states and one table. :meth:`Session.receive` takes a text frame and returns effects in the
order in which they must be carried out; it writes nothing itself.

=============  ==========================================================================================
state          understood
=============  ==========================================================================================
NEW            register, ping; anything else is ``not_registered``
REGISTERED     everything but register, which is ``already_registered``
CLOSED         nothing: what still arrives is ignored
=============  ==========================================================================================

A message that cannot be carried out is answered by an ``error`` and changes nothing. What is not a message at all is
answered likewise and closes with 4500; more messages than allowed close with 4503. Who is not let in is told why, and
closed. Limits that were reached, and what a role may not do, are told to the record as well.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import Final

import msgspec

from services.gateway import messages, subscribing
from services.gateway.access.admission import UNNAMED, Admission
from services.gateway.access.denials import Denial, Why
from services.gateway.context import Context, Waited
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
from services.gateway.errors import Refusal, Slug
from services.gateway.limits import BY_SLUG, REQUEST_RUSH, RUSH, Limit, takes
from services.gateway.rights.policy import Policy
from services.gateway.rights.views import ALL_RIGHTS, Rights
from services.gateway.subscriptions import EVERYTHING, Interest, Subscription
from shared.bus.messages import Recipient
from shared.catalog import Catalog
from shared.close_codes import CloseCode
from shared.protocol import Envelope, timestamp
from shared.rates import Bucket


class SessionState(Enum):
    """See the module."""

    NEW = auto()
    REGISTERED = auto()
    CLOSED = auto()


class Session:
    """State of one client; ``subscriptions`` is None until it made one, and then holds them by the client's ids.

    *presented* is the token that came with the handshake; it is forgotten once the client is let in.
    """

    __slots__ = (
        "_messages",
        "_presented",
        "_requests",
        "admission",
        "app_name",
        "client_id",
        "rights",
        "state",
        "subscriptions",
    )

    def __init__(self, client_id: str, presented: str | None = None) -> None:
        self.client_id = client_id
        self.admission = UNNAMED
        self.rights = ALL_RIGHTS
        self._presented = presented
        self.app_name = ""
        self.state = SessionState.NEW
        self.subscriptions: dict[str, Subscription] | None = None
        self._messages = Bucket()
        self._requests: Bucket | None = None  # most clients never ask

    @property
    def interest(self) -> Interest:
        """What the client wants: everything until it makes a subscription."""
        return EVERYTHING if self.subscriptions is None else frozenset(self.subscriptions.values())

    def receive(self, text: bytes | bytearray, context: Context) -> list[Effect]:
        """Return what a text frame asks for."""
        if self.state is SessionState.CLOSED:
            return []
        rate = context.limits.max_messages_per_second
        if context.waited is Waited.NOT and not takes(self._messages, rate, context.now, rush=RUSH):
            return [Limited(Limit.MESSAGES), *self.close(CloseCode.RATE_LIMITED)]
        try:
            envelope = messages.open_envelope(text)
        except Refusal as refusal:
            return [error(refusal, None, None), *self.close(CloseCode.MALFORMED_MESSAGE)]
        try:
            return self._handler(envelope.message_type)(self, envelope, context)
        except Refusal as refusal:
            complaint = error(refusal, envelope.message_type, messages.reference(envelope))
            return [*self._recorded(refusal, envelope.message_type), complaint]
        except Denial as denial:
            if denial.why is Why.UNKNOWN_KEY:
                return self._lacks_key(text, envelope, denial, context.waited)
            return self.deny(envelope.message_type, denial)

    def count_request(self, context: Context) -> None:
        """Count something asked of the bus; raise Refusal where this client, or all together, ask for too much."""
        limits = context.limits
        if self._requests is None:
            self._requests = Bucket()
        if not takes(self._requests, limits.max_requests_per_second, context.now, rush=REQUEST_RUSH):
            raise Refusal(Slug.TOO_MANY_REQUESTS, limit=limits.max_requests_per_second)
        if not takes(limits.asked, limits.max_gateway_requests_per_second, context.now, rush=REQUEST_RUSH):
            raise Refusal(Slug.GATEWAY_BUSY, limit=limits.max_gateway_requests_per_second)

    def admitted(self, token: str | None, context: Context) -> Admission:
        """Return what the client is let in as, by *token* or by what came with the handshake; raise Denial."""
        return context.door.admit(self._presented if token is None else token, context.now)

    def enter(
        self, app_name: str, admission: Admission, rights: Rights, subscriptions: dict[str, Subscription]
    ) -> None:
        """The client is in."""
        self.app_name = app_name
        self.admission = admission
        self.rights = rights
        self.subscriptions = subscriptions or None
        self.state = SessionState.REGISTERED
        self._presented = None

    def review(self, policy: Policy | None) -> list[Effect]:
        """Return what follows where the client's rights are others than before: its token or the policy is another."""
        former, self.rights = self.rights, rights_by(policy, self.admission)
        return [] if self.rights.view == former.view else [Look(self.rights.view)]

    def deny(self, what: str, denial: Denial) -> list[Effect]:
        """Return what ends a client that is not, or no longer, let in; *what* it asked for, or what is over."""
        refusal = Refusal(Slug.UNAUTHORIZED, detail=denial.reason)
        in_reply_to = what if what in MESSAGE_TYPES else None
        return [Deny(what, denial), error(refusal, in_reply_to, None), *self.close(denial.code)]

    def _recorded(self, refusal: Refusal, message_type: str) -> list[Effect]:
        """Return what the record is told of a refusal, beside the client."""
        if refusal.slug is Slug.FORBIDDEN:
            return [Deny(message_type, Denial(Why.FORBIDDEN, self.admission.user))]
        return [Limited(BY_SLUG[refusal.slug])] if refusal.slug in BY_SLUG else []

    def _lacks_key(self, text: bytes | bytearray, envelope: Envelope, denial: Denial, waited: Waited) -> list[Effect]:
        """Refuse a key for good only after the keys were read; a client that is in stays as what it is meanwhile."""
        if waited is Waited.NOT:
            return [Postpone(bytes(text))]
        if waited is Waited.LONG_ENOUGH:
            return self.deny(envelope.message_type, denial)
        unread = Denial(Why.KEYS_UNREAD)
        if self.state is SessionState.NEW:
            return self.deny(envelope.message_type, unread)
        complaint = _error(Slug.UNAVAILABLE, unread.reason, envelope.message_type, messages.reference(envelope))
        return [Deny(envelope.message_type, unread), complaint]

    def receive_binary(self) -> list[Effect]:
        """Return what a binary frame asks for, which is nothing."""
        if self.state is SessionState.CLOSED:
            return []
        refusal = Refusal(Slug.MALFORMED_MESSAGE, got="a binary frame")
        return [error(refusal, None, None), *self.close(CloseCode.MALFORMED_MESSAGE)]

    def _handler(self, message_type: str) -> Handler:
        if message_type not in MESSAGE_TYPES:
            raise Refusal(
                Slug.UNKNOWN_MESSAGE_TYPE, known=", ".join(sorted(MESSAGE_TYPES)), got=repr(message_type[:80])
            )
        handler = TABLE[self.state].get(message_type)
        if handler is not None:
            return handler
        if self.state is SessionState.NEW:
            raise Refusal(Slug.NOT_REGISTERED, message_type=message_type)
        raise Refusal(Slug.ALREADY_REGISTERED)

    def close(self, code: CloseCode) -> list[Effect]:
        """Take nothing more from this client and close it with *code*."""
        self.state = SessionState.CLOSED
        return [Close(code)]


def _register(session: Session, envelope: Envelope, context: Context) -> list[Effect]:
    outline = messages.read(envelope, messages.RegisterOutline)
    if len(outline.subscribe) > context.limits.max_subscriptions:
        session.admitted(outline.token, context)
        raise Refusal(Slug.TOO_MANY_SUBSCRIPTIONS, limit=context.limits.max_subscriptions)
    asked = messages.read(envelope, messages.Register)
    messages.check_register(asked)
    admission = session.admitted(asked.token, context)  # first: what is watched here is not for everybody to learn
    rights = rights_by(context.policy, admission)
    catalog = _known_by(rights, context) if asked.subscribe else None
    subscriptions = {item.id: _checked(item, catalog, context) for item in asked.subscribe}
    session.enter(asked.app_name, admission, rights, subscriptions)
    return [Enter(session.interest, asked.resume, rights.view)]


def _token(session: Session, envelope: Envelope, context: Context) -> list[Effect]:
    presented = messages.read(envelope, messages.Token).token
    session.admission = context.door.renew(session.admission, presented, context.now)
    return [Renew(session.admission), *session.review(context.policy)]


def _ping(_session: Session, envelope: Envelope, context: Context) -> list[Effect]:
    return [Reply("pong", {**messages.read(envelope, dict[str, msgspec.Raw]), "server_time": timestamp(context.now)})]


def _subscribe(session: Session, envelope: Envelope, context: Context) -> list[Effect]:
    asked = messages.read(envelope, subscribing.Asked)
    subscription = _checked(asked, _known_by(session.rights, context), context)
    held = session.subscriptions or {}
    if asked.id not in held and len(held) >= context.limits.max_subscriptions:
        raise Refusal(Slug.TOO_MANY_SUBSCRIPTIONS, limit=context.limits.max_subscriptions)
    session.subscriptions = {**held, asked.id: subscription}
    return [Interested(session.interest, "subscribed", asked.id)]


def _unsubscribe(session: Session, envelope: Envelope, _context: Context) -> list[Effect]:
    asked = messages.read(envelope, messages.Unsubscribe)
    if session.subscriptions is None or asked.id not in session.subscriptions:
        raise Refusal(Slug.UNKNOWN_SUBSCRIPTION, got=repr(asked.id[:80]))
    del session.subscriptions[asked.id]
    return [Interested(session.interest, "unsubscribed", asked.id)]


def _broadcast(session: Session, envelope: Envelope, context: Context) -> list[Effect]:
    asked = messages.read(envelope, messages.Broadcast)
    if not session.rights.broadcast:
        raise Refusal(Slug.FORBIDDEN, what="broadcast")
    session.count_request(context)
    to = Recipient(app_name=asked.to.app_name, client_id=asked.to.client_id)
    return [Publish(asked.event_type, bytes(asked.data), to, envelope.message_type, asked.id)]


def _clients(session: Session, envelope: Envelope, context: Context) -> list[Effect]:
    if not session.rights.clients:
        raise Refusal(Slug.FORBIDDEN, what="list clients")
    session.count_request(context)
    return [AskRoster(messages.reference(envelope))]


def rights_by(policy: Policy | None, admission: Admission) -> Rights:
    """Return what a client may do that was admitted so."""
    return ALL_RIGHTS if policy is None else policy.rights(admission)


def _known_by(rights: Rights, context: Context) -> Catalog | None:
    """Return the catalogue as the client knows it."""
    catalog = context.catalog
    return catalog if catalog is None or rights.view is None else rights.view.narrowed(catalog)


def _checked(asked: subscribing.Asked, catalog: Catalog | None, context: Context) -> Subscription:
    return subscribing.subscription(asked, catalog, max_conditions=context.limits.max_conditions)


Handler = Callable[[Session, Envelope, Context], list[Effect]]

TABLE: Final[dict[SessionState, dict[str, Handler]]] = {
    SessionState.NEW: {
        "register": _register,
        "ping": _ping,
    },
    SessionState.REGISTERED: {
        "token": _token,
        "ping": _ping,
        "subscribe": _subscribe,
        "unsubscribe": _unsubscribe,
        "broadcast": _broadcast,
        "custom_event": _broadcast,
        "clients": _clients,
    },
    SessionState.CLOSED: {},
}

MESSAGE_TYPES: Final = frozenset(name for handlers in TABLE.values() for name in handlers)


def error(refusal: Refusal, in_reply_to: str | None, reference: str | int | None) -> Reply:
    """Return the ``error`` that tells a client why its message was not carried out."""
    return _error(refusal.slug, refusal.reason, in_reply_to, reference)


def _error(slug: Slug, reason: str, in_reply_to: str | None, reference: str | int | None) -> Reply:
    return Reply("error", {"code": slug.value, "reason": reason, "in_reply_to": in_reply_to, "id": reference})
