"""What is subscribed to, and whether the index finds what the definition says."""

from __future__ import annotations

from typing import Any, Final

from services.gateway import messages, subscribing
from services.gateway.entries import Rows, enter
from services.gateway.errors import Refusal
from services.gateway.matching import Matcher
from services.gateway.readers import Group
from shared.events import Event
from tests.fuzz import hostile, mutation
from tests.fuzz.chance import Chance
from tests.fuzz.gateway import CATALOG
from tests.fuzz.target import Broken, Input, Target, stateless
from tests.fuzz.targets.rows import row_text

_COLUMNS: Final = ("id", "destination_id", "seats_booked", "paid", "meta", "available_seats", "nothing")
_OPERATORS: Final = ("eq", "neq", "in", "lt", "lte", "gt", "gte", "is_null", "like")
_PLAUSIBLE: Final[dict[str, tuple[Any, ...]]] = {
    "id": ("a", "b", "é"),
    "destination_id": ("jemmal", "tunis", None),
    "seats_booked": (0, 1, 2, 2.5, 10**30),
    "paid": (True, False, None),
    "meta": ({"a": 1}, [1], "text", 1),
}
_COLUMN_PAIRS: Final = (
    ("id",),
    ("seats_booked",),
    ("paid",),
    ("id", "seats_booked"),
    ("destination_id", "paid"),
    ("meta",),
)
_KNOWN, _UNKNOWN = b"catalogue", b"no catalogue"


def make(chance: Chance) -> Input:
    asked: dict[str, Any] = {"id": "s", "where": _where(chance)}
    if chance.happens(0.95):
        asked["tables"] = ["bookings"]
    if chance.happens(0.2):
        asked["channels"] = [chance.of(("booking_events", "booking_events", "vehicle_events", "wasla_probe", "x"))]
    if chance.happens(0.2):
        asked["events"] = [chance.of(("INSERT", "UPDATE", "BOOKING_CREATED", "insert", ""))]
    if chance.happens(0.2):
        asked = mutation.tree(chance, asked, times=1)
    return [_KNOWN if chance.happens(0.6) else _UNKNOWN, mutation.written(chance, asked), _event(chance)]


def _where(chance: Chance) -> dict[str, Any]:
    if chance.happens(0.5):
        return {name: {chance.of(_OPERATORS[:8]): _plausible(chance, name)} for name in chance.of(_COLUMN_PAIRS)}
    return {
        chance.of(_COLUMNS): {chance.of(_OPERATORS): _operand(chance) for _ in range(chance.few())} for _ in range(2)
    }


def _plausible(chance: Chance, column: str) -> Any:
    """Return an operand that a row may well satisfy."""
    values = _PLAUSIBLE[column]
    return list(values[:2]) if chance.happens(0.3) else chance.of(values)


def _row(chance: Chance) -> bytes:
    if chance.happens(0.4):
        return row_text(chance)
    return mutation.written(chance, {column: chance.of(values) for column, values in _PLAUSIBLE.items()})


def _operand(chance: Chance) -> Any:
    if chance.happens(0.3):
        return [hostile.scalar(chance) for _ in range(chance.of((1, 2, 3, 101)))]
    return hostile.scalar(chance) if chance.happens(0.9) else hostile.value(chance)


def _event(chance: Chance) -> bytes:
    old = _row(chance) if chance.happens(0.3) else b"null"
    row = _row(chance) if chance.happens(0.9) else b"null"
    event_type = b"UPDATE" if old != b"null" else b"INSERT"
    return b'{"message_type":"realtime_event","data":{"event_type":"%s","data":%s,"old":%s}}' % (event_type, row, old)


def _parse(given: Input) -> str:
    known, asked, text = given
    try:
        envelope = messages.open_envelope(b'{"message_type":"subscribe","data":%s}' % asked)
        data = messages.read(envelope, subscribing.Asked)
        subscription = subscribing.subscription(data, CATALOG if known == _KNOWN else None, max_conditions=32)
    except Refusal as refusal:
        return f"refused {refusal.slug}"
    entry = enter(_as_event(text), epoch="e1", received_at=0.0)
    matcher = Matcher(Group)
    group = matcher.enter(frozenset({subscription}))
    found, meant = bool(matcher.match(entry)), subscription.matches(entry, Rows(entry))
    if found != meant:
        raise Broken(f"the index says {found}, the definition {meant}")
    matcher.leave(group)
    if len(matcher) or matcher.match(entry):
        raise Broken("the index holds what was taken out")
    return "matches" if found else "does not match"


def _as_event(text: bytes) -> Event:
    event_type = "UPDATE" if b'"event_type":"UPDATE"' in text else "INSERT"
    return Event(1, event_type, "bookings", "booking_events", None, 0.0, text)


SUBSCRIPTIONS: Final = Target(
    "subscriptions",
    "subscribe with its where, tested on hostile rows by index and by definition",
    make,
    stateless(_parse),
)
