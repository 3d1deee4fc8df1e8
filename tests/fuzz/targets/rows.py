"""The database's rows, from the log to the clients: whatever JSON PostgreSQL can hold comes out as it is."""

from __future__ import annotations

import json
from typing import Any, Final

from wasla_client import messages

from services.cli.conversation import Conversation, Happened
from services.cli.event_lines import EventLines
from services.gateway.access.admission import KEY_HOLDER
from services.gateway.entries import Rows, enter
from services.gateway.rights.policy_file import parse
from services.gateway.rights.seeing import Glance, Vision
from services.gateway.rights.views import View
from services.pg_listener.encoding import encode_rows
from tests.fuzz import hostile, mutation, wire
from tests.fuzz.chance import Chance
from tests.fuzz.gateway import CATALOG
from tests.fuzz.target import Broken, Input, Target, stateless

_COLUMNS: Final = ("id", "destination_id", "seats_booked", "paid", "meta", "available_seats", "__proto__", "é", "")
_POLICY: Final = """
who = { key = "clerk" }
[roles.clerk.tables.bookings]
where = { id = { neq = "b" } }
hide = ["destination_id"]
mask = { seats_booked = "***" }
"""
_VIEW: Final = parse(_POLICY).rights(KEY_HOLDER).view


MAX_DEPTH: Final = 500


def row_text(chance: Chance) -> bytes:
    """Return a row as PostgreSQL may write it: an object without NUL, lone surrogates or what is no JSON."""
    row = {"id": "x"} if chance.happens(0.8) else {}
    row |= {chance.of(_COLUMNS): hostile.value(chance) for _ in range(1 + chance.few())}
    text = mutation.written(chance, row)
    return text if is_row(text) else b'{"id":"b","seats_booked":12345678901234567890.123456789}'


def is_row(text: bytes) -> bool:
    """Tell whether jsonb could hold it, and whether it is nested no deeper than a client in Python can read."""
    try:
        decoded = text.decode("utf-8")
        if max(text.count(b"["), text.count(b"{")) > MAX_DEPTH:
            return False
        value = json.loads(decoded, parse_constant=_refuse)
        return isinstance(value, dict) and "\x00" not in json.dumps(value, ensure_ascii=False) and not _lone(value)
    except (ValueError, RecursionError):
        return False


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _lone(value: Any) -> bool:
    text = json.dumps(value, ensure_ascii=False)
    return any(0xD800 <= ord(character) <= 0xDFFF for character in text) or "\\u0000" in text


def make(chance: Chance) -> Input:
    kind = chance.of((b"INSERT", b"UPDATE", b"DELETE"))
    name = chance.of(hostile.TEXTS).replace("\x00", "").encode(errors="replace")
    return [kind, name, row_text(chance), row_text(chance)]


def _parse(given: Input) -> str:
    kind, name, row, old = given
    if not is_row(row) or not is_row(old):
        return "no rows"
    (event,) = encode_rows([_log_row(kind.decode(), name.decode(), row, old)], published_at=0.0, row_max_bytes=1 << 24)
    entry = enter(event, epoch="e1", received_at=0.0)
    (frame,) = wire.frames(entry.frame)
    _same(messages.decode(frame.payload).data, name, row)
    _ = Rows(entry).versions
    _check_line(frame.payload.decode())
    return _seen(entry)


def _log_row(event_type: str, name: str, row: bytes, old: bytes) -> dict[str, Any]:
    is_update = event_type == "UPDATE"
    return {
        "seq": 1, "event_type": event_type, "table_name": "bookings", "channel": "booking_events", "captured_at": 1e9,
        "business_event": None, "internal": False, "data": row.decode(), "old": old.decode() if is_update else None,
        "row_id": name, "changed": list(json.loads(old)) if is_update else None, "origin": name, "tx_id": "1",
        "tx_index": 0, "tx_size": 1, "sequenced_at": 1e9,
    }  # fmt: skip


def _same(data: dict[str, Any], name: bytes, row: bytes) -> None:
    """Raise Broken unless a client has what was written, to the last digit that Python's numbers have."""
    if repr(data["data"]) != repr(json.loads(row)) or data["id"] != name.decode():
        raise Broken("the row came out as another")


def _check_line(text: str) -> None:
    """Have the command line show it."""
    happened = Conversation("fuzz").receive(text)
    if not isinstance(happened, Happened):
        raise Broken("the command line takes the event for something else")
    EventLines().pieces(happened)


def _seen(entry: Any) -> str:
    """Have it seen through a policy: what is hidden must not be there, whatever else is."""
    assert isinstance(_VIEW, View)
    vision = Vision()
    vision.know(CATALOG)
    seen = vision.see(_VIEW, Glance(entry))
    if seen is None:
        return "out of sight"
    (frame,) = wire.frames(seen.frame)
    message = wire.message_of(frame.payload)
    data = message["data"]
    if message["message_type"] == "resync":
        return "not judged"
    for version in (data["data"] or {}, data["old"] or {}):
        if "destination_id" in version or version.get("seats_booked", "***") != "***":
            raise Broken(f"what is hidden was told: {version}")
    if "destination_id" in (data["changed"] or ()):
        raise Broken("a hidden column was named")
    return f"told as {data['event_type']}"


ROWS: Final = Target("rows", "hostile rows through log, gateway, policy, clients and terminal", make, stateless(_parse))
