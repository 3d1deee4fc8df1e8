"""Every ``error`` a client can be sent: a stable slug, and the sentence that says what was expected.

Slugs are part of the protocol and never change their meaning; sentences are for people and may. An error leaves the
connection open, except ``malformed_message``, after which the gateway closes with 4500, and ``unauthorized``, after
which it closes with 4501, or with 4003 where the token has only expired.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Slug(StrEnum):
    """The ``code`` of an ``error`` message."""

    MALFORMED_MESSAGE = "malformed_message"
    UNKNOWN_MESSAGE_TYPE = "unknown_message_type"
    INVALID_DATA = "invalid_data"
    NOT_REGISTERED = "not_registered"
    ALREADY_REGISTERED = "already_registered"
    UNKNOWN_CHANNEL = "unknown_channel"
    UNKNOWN_TABLE = "unknown_table"
    UNKNOWN_EVENT = "unknown_event"
    UNKNOWN_COLUMN = "unknown_column"
    UNKNOWN_OPERATOR = "unknown_operator"
    WRONG_VALUE_TYPE = "wrong_value_type"
    WHERE_WITHOUT_TABLE = "where_without_table"
    TOO_MANY_CONDITIONS = "too_many_conditions"
    TOO_MANY_SUBSCRIPTIONS = "too_many_subscriptions"
    TOO_MANY_REQUESTS = "too_many_requests"
    GATEWAY_BUSY = "gateway_busy"
    UNKNOWN_SUBSCRIPTION = "unknown_subscription"
    UNAVAILABLE = "unavailable"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"


SENTENCES: Final[dict[Slug, str]] = {
    Slug.MALFORMED_MESSAGE: 'expected a text frame holding {{"message_type": string, "data": object}}, got {got}',
    Slug.UNKNOWN_MESSAGE_TYPE: "expected one of {known}, got {got}",
    Slug.INVALID_DATA: "the data of {message_type} does not fit: {detail}",
    Slug.NOT_REGISTERED: "{message_type} needs a registered client: send register first",
    Slug.ALREADY_REGISTERED: "this connection is registered already: open another one to register again",
    Slug.UNKNOWN_CHANNEL: "expected a channel of a watched table ({known}), got {got}",
    Slug.UNKNOWN_TABLE: "expected a watched table ({known}), got {got}",
    Slug.UNKNOWN_EVENT: "expected an event type or business event ({known}), got {got}",
    Slug.UNKNOWN_COLUMN: "none of the tables asked for has a column {got}; they have {known}",
    Slug.UNKNOWN_OPERATOR: "expected an operator of {known} on column {column}, got {got}",
    Slug.WRONG_VALUE_TYPE: "{operator} on column {column} expects {expected}, got {got}",
    Slug.WHERE_WITHOUT_TABLE: "where filters rows of tables: name tables or channels beside it",
    Slug.TOO_MANY_CONDITIONS: "expected at most {limit} {what}, got {got}",
    Slug.TOO_MANY_SUBSCRIPTIONS: "a client holds at most {limit} subscriptions: unsubscribe from one first",
    Slug.TOO_MANY_REQUESTS: "expected at most {limit} broadcasts and lists of clients a second: send this again later",
    Slug.GATEWAY_BUSY: "all clients here send more than {limit} broadcasts and such a second: send this again later",
    Slug.UNKNOWN_SUBSCRIPTION: "there is no subscription with id {got}",
    Slug.UNAVAILABLE: "the bus does not answer, so {what} is not possible now: try again in a moment",
    Slug.UNAUTHORIZED: "{detail}",
    Slug.FORBIDDEN: "your role may not {what} here: have the operator allow it",
}


class Refusal(Exception):
    """A client's message that was understood and cannot be carried out; ``slug`` and ``reason`` go back to it."""

    def __init__(self, slug: Slug, **fields: object) -> None:
        self.slug = slug
        self.reason = SENTENCES[slug].format(**fields)
        super().__init__(self.reason)
