"""What a view makes of an event, field by field."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services.gateway.conditions import Condition
from services.gateway.entries import Entry, enter
from services.gateway.frames import payload_of
from services.gateway.rights.seeing import Glance, Vision
from services.gateway.rights.views import Lens, Sight, View
from services.pg_listener.encoding import encode_rows
from shared.catalog import Catalog, Table
from shared.events import Event

OURS = frozenset({Condition("station", "eq", "string", "S1")})
HIDE = Lens(hidden=frozenset({"code"}))
ROW = {"id": "b1", "station": "S1", "code": "1234", "amount": 9.50}


def entry(event_type: str = "INSERT", row: Any = ROW, old: Any = None, **fields: Any) -> Entry:
    logged = {
        "seq": 7,
        "table_name": "bookings",
        "channel": "c",
        "event_type": event_type,
        "business_event": None,
        "captured_at": 1.0,
        "sequenced_at": 1.0,
        "internal": False,
        "row_id": (row or {}).get("id"),
        "data": None if row is None else json.dumps(row),
        "old": None if old is None else json.dumps(old),
        "changed": None if old is None else list(old),
        "origin": "w",
        "tx_id": "1",
        "tx_index": 0,
        "tx_size": 1,
        **fields,
    }
    (event,) = encode_rows([logged], published_at=1.0, row_max_bytes=10**6)
    return enter(event, epoch="e", received_at=1.0)


def vision(*key: str) -> Vision:
    made = Vision()
    made.reset("e")
    made.know(Catalog({"bookings": Table("c", dict.fromkeys(ROW, "string"), key=list(key or ("id",)))}))
    return made


def seen(event: Entry, where: frozenset[Condition] = frozenset(), lens: Lens = HIDE, key: tuple[str, ...] = ()) -> Any:
    """Return the data of the message, None for none."""
    made = vision(*key).see(View(frozenset({("bookings", Sight(where, lens))})), Glance(event))
    if made is None:
        return None
    assert made.seq == event.seq
    message = json.loads(bytes(payload_of(made.frame)))
    assert message["timestamp"] == json.loads(bytes(payload_of(event.frame)))["timestamp"]
    return message["data"]


def test_hidden_columns_are_nowhere() -> None:
    old = {"code": "0000", "amount": 1}
    update = seen(entry("UPDATE", old=old))
    assert update["data"] == {"id": "b1", "station": "S1", "amount": 9.5}
    assert (update["changed"], update["old"], update["id"]) == (["amount"], {"amount": 1}, "b1")
    assert (update["origin"], update["tx"]) == ("w", {"id": "1", "index": 0, "size": 1})
    for kind in ("INSERT", "DELETE"):
        assert "code" not in seen(entry(kind))["data"]


def test_masked_columns_hold_the_text_whatever_they_held() -> None:
    lens = Lens(masked=frozenset({("amount", "***")}))
    update = seen(entry("UPDATE", {**ROW, "amount": None}, {"amount": 5}), lens=lens)
    assert (update["data"]["amount"], update["old"], update["changed"]) == ("***", {"amount": "***"}, ["amount"])


def test_metadata_alone_is_told() -> None:
    update = seen(entry("UPDATE", old={"code": "0", "amount": 1}), lens=Lens(HIDE.hidden, metadata_only=True))
    assert (update["data"], update["old"], update["changed"], update["id"]) == (None, None, ["amount"], "b1")


def test_business_events_are_named_or_not() -> None:
    event = entry(business_event="BOOKING_CREATED")
    assert seen(event)["business_event"] == "BOOKING_CREATED"
    assert seen(event, lens=Lens(business_events=False))["business_event"] is None


def test_an_update_of_hidden_columns_alone_is_no_news() -> None:
    assert seen(entry("UPDATE", old={"code": "0000"})) is None
    update = seen(entry("UPDATE", old={"code": "0000"}, business_event="BOOKING_CANCELLED"))
    assert (update["business_event"], update["changed"], update["old"]) == ("BOOKING_CANCELLED", [], {})
    silent = Lens(HIDE.hidden, business_events=False)
    assert seen(entry("UPDATE", old={"code": "0000"}, business_event="BOOKING_CANCELLED"), lens=silent) is None
    assert seen(entry("UPDATE", old={}))["changed"] == [], "an update of nothing is what it was"


def test_numbers_are_told_as_they_were_written() -> None:
    event = entry(data='{"id": "b1", "code": "1", "amount": 1.50, "big": 123456789012345678901234567890, "far": 1e999}')
    made = vision().see(View(frozenset({("bookings", Sight(lens=HIDE))})), Glance(event))
    assert made is not None
    assert b'"amount":1.50,"big":123456789012345678901234567890,"far":1e999' in made.frame


def test_a_row_that_goes_out_of_sight_is_deleted_as_it_was_known() -> None:
    event = entry(
        "UPDATE", {**ROW, "station": "S2", "amount": 77, "id": "b2"}, {"station": "S1", "amount": 9, "id": "b1"}
    )
    gone = seen(event, OURS)
    assert (gone["event_type"], gone["data"], gone["id"]) == (
        "DELETE",
        {"id": "b1", "station": "S1", "amount": 9},
        "b1",
    )
    assert (gone["changed"], gone["old"], gone["business_event"]) == (None, None, None)
    assert "77" not in json.dumps(gone)
    assert "b2" not in json.dumps(gone)


def test_a_row_that_comes_into_sight_is_inserted() -> None:
    event = entry("UPDATE", old={"station": "S2", "amount": 77}, business_event="BOOKING_CANCELLED")
    come = seen(event, OURS)
    assert (come["event_type"], come["data"]) == ("INSERT", {"id": "b1", "station": "S1", "amount": 9.5})
    assert (come["changed"], come["old"], come["business_event"]) == (None, None, None)


def test_rows_out_of_sight_are_not_told() -> None:
    elsewhere = {**ROW, "station": "S2"}
    assert seen(entry("INSERT", elsewhere), OURS) is None
    assert seen(entry("DELETE", elsewhere), OURS) is None
    assert seen(entry("UPDATE", elsewhere, {"amount": 1}), OURS) is None


@pytest.mark.parametrize(
    ("key", "lens", "told"),
    [
        (("id",), HIDE, "b1"),
        (("code",), HIDE, None),
        (("id", "code"), HIDE, None),
        (("code",), Lens(masked=frozenset({("code", "*")})), None),
        (("",), HIDE, "b1"),
    ],
)
def test_a_key_is_told_only_where_all_of_it_may_be(key: tuple[str, ...], lens: Lens, told: str | None) -> None:
    assert seen(entry(), lens=lens, key=key)["id"] == told


@pytest.mark.parametrize(
    ("key", "told"), [(("amount",), "3"), (("station", "amount"), '["S1", 3]'), (("nothing_here",), "b1")]
)
def test_the_former_key_is_written_like_the_log_writes_it(key: tuple[str, ...], told: str) -> None:
    event = entry("UPDATE", {**ROW, "station": "S2"}, {"station": "S1", "amount": 3})
    assert seen(event, OURS, Lens(), key)["id"] == told


def test_a_key_that_is_not_known_is_not_told() -> None:
    view, blind = View(frozenset({("bookings", Sight(lens=HIDE))})), Vision()
    made = blind.see(view, Glance(entry()))
    assert made is not None
    assert json.loads(bytes(payload_of(made.frame)))["data"]["id"] is None


@pytest.mark.parametrize("event_type", ["INSERT", "UPDATE", "DELETE"])
def test_what_cannot_be_judged_is_to_be_reloaded(event_type: str) -> None:
    bound = View(frozenset({("bookings", Sight(OURS, HIDE))}))
    reload = {"reason": "capture_failed", "tables": ["bookings"], "epoch": f"e.{bound.mark}", "seq": 7}
    event = entry(event_type, None, row_id="b1", changed=["amount"] if event_type == "UPDATE" else None)
    assert seen(event, OURS) == reload
    assert seen(event)["id"] == "b1", "without conditions there is nothing to judge"
    broken = enter(
        Event(7, event_type, "bookings", "c", None, 0.0, b'{"data":{"data":{"code":}}}'), epoch="e", received_at=1.0
    )
    made = vision().see(View(frozenset({("bookings", Sight(lens=HIDE))})), Glance(broken))
    assert made is not None
    assert made.is_mark


def test_truncations_tests_and_marks_concern_everybody_who_may_see_the_table() -> None:
    for event_type in ("TRUNCATE", "TEST"):
        assert seen(entry(event_type, None), OURS)["event_type"] == event_type
    mark = entry("CAPTURE_FAILED")
    assert seen(mark, OURS)["tables"] == ["bookings"]
    for event_type in ("TRUNCATE", "TEST", "CAPTURE_FAILED", "INSERT"):
        assert vision().see(View(), Glance(entry(event_type, None))) is None


def test_a_value_that_cannot_be_read_satisfies_nothing() -> None:
    where = frozenset({Condition("amount", "neq", "number", 1)})
    event = entry(data='{"id": "b1", "amount": 1e999}')
    assert seen(event, where) is None


def test_the_probe_is_seen_by_who_may_and_never_altered() -> None:
    probe = entry("TEST", {"machine": "m"}, internal=True, table_name="wasla.probe")
    assert vision().see(View(internal=True), Glance(probe)) is probe
    assert vision().see(View(frozenset({("wasla.probe", Sight())}), Sight()), Glance(probe)) is None
