"""The monitor's status as lines for people."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from services.cli.gateways import Gateway
from services.cli.status_lines import duration, gateway_rows, indicators, line_rows, process_rows, throughput
from services.cli.throughput import Rates
from services.monitor.status import (
    DatabaseStatus,
    EventStatus,
    LineStatus,
    ProcessStatus,
    RealtimeStatus,
    Status,
    WebSocketStatus,
)


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
        line="tcp://127.0.0.1:8767", listener="l", leading=True, epoch="e" * 24, top_seq=42,
        database_up=False, silent=False, age=0.1,
    )  # fmt: skip
    shown = status(processes=[process], lines=[heard])
    assert process_rows(shown) == [["gateway:gateway-00", "serving", "late", "7", "3.0 s", "2.0 ms", "1"]]
    silent = msgspec.structs.replace(heard, silent=True, state="silent")
    assert line_rows(status(lines=[silent]))[0][1:3] == ["silent", "-"]
    late = msgspec.structs.replace(heard, state="no_database", behind=3)
    assert [line_rows(status(lines=[late]))[0][index] for index in (1, 2, 5)] == ["no database", "leader", "3"]
    assert line_rows(shown) == [["tcp://127.0.0.1:8767", "good", "leader", "eeeeeeee", "42", "0", "down", "100.0 ms"]]


def test_gateways_are_rows() -> None:
    gateway = Gateway("gateway:gateway-00", "m", clients=3, lagging=1, behind=2, seq=42, deliveries=1000)
    assert gateway_rows([gateway]) == [["gateway:gateway-00", "3", "1", "2", "42", "1000"]]


def test_throughput_in_words() -> None:
    assert throughput(Rates()) == "throughput: being measured"
    assert throughput(Rates(2.5, 12345.6)) == ("throughput: 2.5 events/s sequenced, 12,346 deliveries/s to clients")
