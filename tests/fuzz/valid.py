"""What is valid, to begin from: the clients' test vectors, and one of every message there is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from tests.fuzz import hostile, mutation
from tests.fuzz.chance import Chance

Message = dict[str, Any]

_VECTORS: Final = json.loads((Path(__file__).resolve().parents[2] / "clients" / "vectors.json").read_text())
_WHERE: Final = {"destination_id": {"eq": "jemmal"}, "seats_booked": {"gte": 1, "lt": 9}, "id": {"in": ["a", "b"]}}
_SUBSCRIPTION: Final = {"id": "s", "tables": ["bookings"], "events": ["INSERT"], "where": _WHERE}


def _message(message_type: str, **data: Any) -> Message:
    return {"message_type": message_type, "data": data, "timestamp": "2026-01-01T00:00:00.000Z"}


FROM_CLIENT: Final = (
    _message("register", app_name="board"),
    _message("register", app_name="board", token="a.b.c", resume={"epoch": "e1", "seq": 1}, subscribe=[_SUBSCRIPTION]),
    _message("token", token="a.b.c"),
    _message("ping", n=1),
    _message("subscribe", **_SUBSCRIPTION),
    _message("subscribe", id="t", channels=["vehicle_events"], where={"available_seats": {"is_null": False}}),
    _message("unsubscribe", id="s"),
    _message("broadcast", event_type="NOTE", data={"text": "é", "n": [1, 2.5, None]}, to={"app_name": "x"}, id=7),
    _message("custom_event", event_type="NOTE", data={"text": "x"}),
    _message("clients"),
)
_EVENT: Final = {
    "event_type": "UPDATE", "table": "bookings", "id": "b1", "timestamp": "2026-01-01T00:00:00Z", "seq": 12,
    "data": {"id": "b1", "seats_booked": 2}, "old": {"seats_booked": 1}, "changed": ["seats_booked"],
    "channel": "booking_events", "business_event": None, "origin": "pos", "tx": {"id": "7", "index": 0, "size": 1},
}  # fmt: skip
_PEER: Final = {"client_id": "c", "app_name": "a", "gateway": "g", "connected_at": "2026", "last_seen": "2026"}


def _from_vectors() -> Iterator[Message]:
    """Yield every message that the vectors let a gateway send, each once."""
    seen = set()
    for vector in _VECTORS["vectors"]:
        for step in vector["steps"]:
            message = step["do"].get("message")
            if message is not None and (text := json.dumps(message)) not in seen:
                seen.add(text)
                yield message


FROM_GATEWAY: Final = (
    _message("registered", client_id="c1", gateway="g", epoch="e1", seq=10, resumed=False, ping_interval=15.0),
    _message("realtime_event", **_EVENT),
    _message("realtime_event", **{**_EVENT, "event_type": "TRUNCATE", "data": None, "old": None, "changed": None}),
    _message("custom_event", event_type="NOTE", data={"a": 1}, **{"from": {"client_id": "c", "app_name": "a"}}),
    _message("clients", clients=[_PEER], missing=["g2"]),
    *_from_vectors(),
)
REGISTERED: Final = FROM_GATEWAY[0]


def json_text(chance: Chance, messages: tuple[Message, ...]) -> bytes:
    """Return one of *messages*, spoilt: mostly in what it says, sometimes in how that is written."""
    valid = chance.of(messages)
    kind = chance.below(20)
    if kind == 0:
        return mutation.written(chance, valid)
    if kind == 1 and not chance.strict:
        return mutation.written(chance, hostile.value(chance))
    # What is wrong with the envelope is soon tried; there is more to find in its data.
    spoilt = mutation.tree(chance, valid) if kind < 4 else {**valid, "data": _data(chance, valid["data"])}
    text = mutation.written(chance, spoilt)
    return mutation.damaged(chance, text) if not chance.strict and chance.happens(0.5) else text


def _data(chance: Chance, data: Message) -> Any:
    """Return *data* spoilt; an object still, as a rule: what is none is refused at the door."""
    spoilt = mutation.tree(chance, data)
    return spoilt if isinstance(spoilt, dict) or chance.happens(0.1) else {**data, chance.of([*data, "x"]): spoilt}
