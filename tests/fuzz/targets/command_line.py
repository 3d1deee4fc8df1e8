"""The conditions of ``wasla tail --where``, as a shell may hand them over."""

from __future__ import annotations

from typing import Final

import msgspec

from services.cli.filters import FilterError, parse_where
from services.gateway import messages, subscribing
from services.gateway.errors import Refusal
from shared.protocol import Envelope
from tests.fuzz import hostile, mutation
from tests.fuzz.chance import Chance
from tests.fuzz.target import Input, Target, stateless

_COLUMNS: Final = (b"status", b"id", b"seats", "é".encode(), b"a b", b"", b"is", b"in")
_OPERATORS: Final = (
    b"=",
    b"!=",
    b"<",
    b"<=",
    b">",
    b">=",
    b" in ",
    b" IN ",
    b" is null",
    b" is not null",
    b"==",
    b" like ",
    b"",
)


def make(chance: Chance) -> Input:
    words = [chance.of(_COLUMNS) + chance.of(_OPERATORS) + _value(chance) for _ in range(chance.few())]
    return [mutation.damaged(chance, word) if not chance.strict and chance.happens(0.5) else word for word in words]


def _value(chance: Chance) -> bytes:
    if chance.happens(0.2):
        return b",".join(mutation.written(chance, hostile.scalar(chance)) for _ in range(3))
    return (
        mutation.written(chance, hostile.value(chance))
        if chance.happens(0.7)
        else hostile.text(chance).encode("utf-8", "surrogatepass")
    )


def _parse(given: Input) -> str:
    words = [word.decode("utf-8", "surrogateescape") for word in given]
    try:
        where = parse_where(words)
    except FilterError:
        return "refused"
    # What is accepted can be sent, and the gateway answers it.
    data = msgspec.json.encode({"id": "cli", "tables": ["bookings"], "where": where})
    try:
        asked = messages.read(Envelope("subscribe", msgspec.Raw(data)), subscribing.Asked)
        subscribing.subscription(asked, None, max_conditions=32)
    except Refusal as refusal:
        return f"sent, refused {refusal.slug}"
    return "a filter"


FILTERS: Final = Target(
    "filters", "conditions of wasla tail --where, and what the gateway says to them", make, stateless(_parse), 0.5
)
