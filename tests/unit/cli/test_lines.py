"""Events and the monitor's status as lines for people."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from services.cli.conversation import Happened
from services.cli.event_lines import event_pieces
from services.cli.status_lines import duration, indicators, line_rows, process_rows
from services.monitor.status import (
    DatabaseStatus,
    EventStatus,
    LineStatus,
    ProcessStatus,
    RealtimeStatus,
    Status,
    WebSocketStatus,
)


def line(**seen: Any) -> str:
    fields = {"event_type": "INSERT", "table": "bookings", "id": "b1", "timestamp": "T", "seq": 7, "channel": "c"}
    rows = {name: msgspec.Raw(msgspec.json.encode(seen.pop(name))) for name in ("data", "old") if name in seen}
    return "".join(text for text, _ in event_pieces(Happened(**{**fields, **seen, **rows})))


def test_an_insert_shows_its_row() -> None:
    shown = line(data={"id": "b1", "name": "Ksar Hellal é"}, business_event="BOOKING_CREATED")
    assert shown == 'T        7  INSERT    bookings  b1  BOOKING_CREATED  {"id":"b1","name":"Ksar Hellal é"}'


def test_an_update_shows_what_changed() -> None:
    shown = line(event_type="UPDATE", data={"id": "b1", "n": 2, "s": None}, changed=["n", "s"], old={"n": 1, "s": "x"})
    assert shown.endswith('bookings  b1  n: 1 -> 2, s: "x" -> null')


def test_a_number_of_thousands_of_digits_is_shown_as_it_came() -> None:
    number = "1" * 5001
    new, old = msgspec.Raw(b'{"n": %b}' % number.encode()), msgspec.Raw(b'{"n": 1.50}')
    assert line(data=new).endswith(f'{{"n": {number}}}')
    assert line(event_type="UPDATE", data=new, changed=["n"], old=old).endswith(f"n: 1.50 -> {number}")


def test_an_update_that_changed_nothing_says_so() -> None:
    assert line(event_type="UPDATE", data={"id": "b1"}, changed=[], old={}).endswith("b1  nothing changed")


def test_a_truncate_has_neither_key_nor_row() -> None:
    assert line(event_type="TRUNCATE", id=None).rstrip() == "T        7  TRUNCATE  bookings"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.0042, "4.2 ms"), (1.25, "1.2 s"), (119.0, "119.0 s"), (600.0, "10 min"), (9000.0, "2.5 h")],
)
def test_durations(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown


def status(**seen: Any) -> Status:
    fields: dict[str, Any] = {
        "machine": "m",
        "generated_at": "T",
        "ready": True,
        "reasons": [],
        "warnings": [],
        "database": DatabaseStatus(up=True, since="T0", reason=None),
        "websocket": WebSocketStatus(up=True, reason=None),
        "realtime": RealtimeStatus(
            late=False,
            missing_hop=None,
            reason=None,
            seconds=0.004,
            hops={"captured": 0.001, "sequenced": 0.003},
            age=1.0,
        ),
        "last_event": EventStatus(seq=9, table="bookings", captured_at="T", age=3.0),
        "lines": [],
        "processes": [],
        "programs": None,
    }
    return Status(**{**fields, **seen})


def test_the_indicators_when_all_is_well() -> None:
    assert indicators(status()) == [
        ("ok", "DB: up since T0"),
        ("ok", "WebSocket: up"),
        ("ok", "Temps réel: 4.0 ms (captured 1.0 ms, sequenced 3.0 ms), measured 1.0 s ago"),
        ("ok", "last event: #9 of bookings, 3.0 s ago"),
    ]


def test_the_indicators_when_it_is_not() -> None:
    late = RealtimeStatus(late=True, missing_hop="sequenced", reason="r", seconds=0.004, hops={}, age=60.0)
    shown = indicators(
        status(
            database=DatabaseStatus(up=False, since="T1", reason="r"),
            websocket=WebSocketStatus(up=False, reason="refused"),
            realtime=late,
            last_event=None,
            reasons=["delivery is late"],
            warnings=["gateway is lost"],
        )
    )
    assert shown == [
        ("problem", "DB: down since T1"),
        ("problem", "WebSocket: down: refused"),
        ("problem", "Temps réel: late at the hop sequenced"),
        ("warning", "gateway is lost"),
        ("problem", "delivery is late"),
    ]


def test_before_the_first_look_nothing_is_claimed() -> None:
    unknown = RealtimeStatus(late=False, missing_hop=None, reason=None, seconds=None, hops={}, age=None)
    shown = indicators(
        status(
            database=DatabaseStatus(up=None, since=None, reason=None),
            websocket=WebSocketStatus(up=None, reason=None),
            realtime=unknown,
            last_event=None,
        )
    )
    assert {word for word, _ in shown} == {"note"}


def test_processes_and_listeners_are_rows() -> None:
    process = ProcessStatus(
        process="gateway:gateway-00", role="gateway", machine="m", pid=7, state="serving", presence="late", age=3.0,
        loop_lag=0.002, restarts=1, supervised=True,
    )  # fmt: skip
    heard = LineStatus(
        line="tcp://127.0.0.1:8767", listener="l", leading=True, epoch="e", top_seq=42, database_up=False, silent=False,
        age=0.1,
    )  # fmt: skip
    shown = status(processes=[process], lines=[heard])
    assert process_rows(shown) == [["gateway:gateway-00", "serving", "late", "7", "3.0 s ago", "2.0 ms", "1"]]
    silent = msgspec.structs.replace(heard, silent=True, state="silent")
    assert line_rows(status(lines=[silent]))[0][1:3] == ["silent", "-"]
    late = msgspec.structs.replace(heard, state="no_database", behind=3)
    assert [line_rows(status(lines=[late]))[0][index] for index in (1, 2, 5)] == ["no database", "leader", "3"]
    assert line_rows(shown) == [["tcp://127.0.0.1:8767", "good", "leader", "e", "42", "0", "down", "100.0 ms ago"]]
