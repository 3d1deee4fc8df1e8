"""Events as lines for people: what happened, what it is now, and columns that stay aligned."""

from __future__ import annotations

from typing import Any

import msgspec

from services.cli.conversation import Happened
from services.cli.event_lines import EventLines


def event(**seen: Any) -> Happened:
    fields = {"event_type": "INSERT", "table": "bookings", "id": "b1", "timestamp": "T", "seq": 7, "channel": "c"}
    rows = {name: msgspec.Raw(msgspec.json.encode(seen.pop(name))) for name in ("data", "old") if name in seen}
    return Happened(**{**fields, **seen, **rows})


def line(lines: EventLines | None = None, **seen: Any) -> str:
    return "".join(text for text, _ in (lines or EventLines()).pieces(event(**seen)))


def test_an_insert_shows_its_row_without_what_is_null() -> None:
    shown = line(data={"id": "b1", "name": "Ksar Hellal é", "note": None}, business_event="BOOKING_CREATED")
    assert shown == 'T        7  INSERT    bookings       b1  BOOKING_CREATED    id: "b1", name: "Ksar Hellal é"'


def test_an_update_shows_what_changed() -> None:
    shown = line(event_type="UPDATE", data={"id": "b1", "n": 2, "s": None}, changed=["n", "s"], old={"n": 1, "s": "x"})
    assert shown.endswith('bookings       b1  n: 1 -> 2, s: "x" -> null')


def test_a_number_of_thousands_of_digits_is_shown_as_it_came() -> None:
    number = "1" * 5001
    new, old = msgspec.Raw(b'{"n": %b}' % number.encode()), msgspec.Raw(b'{"n": 1.50}')
    assert line(data=new).endswith(f"n: {number}")
    assert line(event_type="UPDATE", data=new, changed=["n"], old=old).endswith(f"n: 1.50 -> {number}")


def test_an_update_that_changed_nothing_says_so() -> None:
    assert line(event_type="UPDATE", data={"id": "b1"}, changed=[], old={}).endswith("b1  nothing changed")


def test_a_truncate_has_neither_key_nor_row() -> None:
    assert line(event_type="TRUNCATE", id=None).rstrip() == "T        7  TRUNCATE  bookings"


def test_columns_stay_aligned_with_the_widest_so_far() -> None:
    lines = EventLines()
    first = line(lines, id="a-long-identity", data={"n": 1})
    second = line(lines, id="b", event_type="DELETE", data={"n": 1})
    assert first.index("n: 1") == second.index("n: 1")


def test_one_very_long_name_does_not_push_later_lines_aside() -> None:
    lines = EventLines()
    line(lines, id="x" * 500)
    assert len(line(lines, id="b", data={"n": 1})) < 120


def test_each_kind_of_event_has_its_colour() -> None:
    colours = {
        kind: next(style for text, style in EventLines().pieces(event(event_type=kind)) if text.strip() == kind)
        for kind in ("INSERT", "UPDATE", "DELETE", "TRUNCATE", "TEST")
    }
    assert len(set(colours.values())) == len(colours)
    assert None not in colours.values()
