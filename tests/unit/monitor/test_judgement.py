"""Readiness, status and metrics, read from the same observations."""

from __future__ import annotations

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from services.monitor import metrics
from services.monitor.families import Families
from services.monitor.ledger import Ledger
from services.monitor.lines import Lines
from services.monitor.observations import DatabaseView, Observations, WebSocketView
from services.monitor.programs import Program
from services.monitor.readiness import judge
from services.monitor.roundtrip import RoundTrip
from services.monitor.sampling import take_sample
from services.monitor.status import Status, read_status
from shared.bus.messages import Batch, Beat
from shared.events import Event
from shared.heartbeats import Heartbeat

LINE = "tcp://127.0.0.1:8767"


def make_observations() -> Observations:
    ledger = Ledger(late_after=2.0, lost_after=4.0, forget_after=60.0, max_pause=1e9)
    trip = RoundTrip(interval=3.0, late_after=2.0, now=0.0)
    return Observations("box", ledger, Lines(), trip, DatabaseView(), WebSocketView())


def delivering() -> Observations:
    """Return what is seen at 10 s on a machine on which all is well."""
    seen = make_observations()
    seen.ledger.hear(Heartbeat("gateway:gateway-00", "gateway", 7, "box", "serving", True, 0.0, 0.003, b""), 9.5)
    seen.lines.hear(LINE, Beat("listener-1", True, "e", 42, True, 900.0, 1, 1000.0), 9.9)
    seen.lines.pass_by(
        Batch("e", 41, [Event(42, "INSERT", "bookings", "booking_events", None, 990.0, b"{}")], 1.0, 1.0)
    )
    seen.round_trip.begin("n", 9.0)
    seen.round_trip.send(9.0)
    seen.round_trip.arrive({"captured": 999.01}, sent_at=999.0, received_at=999.02, now=9.02)
    seen.database.found_up(900.0)
    seen.websocket.is_up = True
    seen.database.looked_at, seen.websocket.looked_at = 9.0, 8.5
    seen.ledger.review(10.0)
    return seen


def status_of(seen: Observations) -> Status:
    return read_status(seen, now=10.0, unix_now=1000.0)


def test_before_the_first_round_trip_nothing_is_ready() -> None:
    verdict = judge(make_observations(), 1.0)
    assert not verdict.is_ready
    assert verdict.reasons == ["no round trip was completed yet"]


def test_a_round_trip_on_time_is_ready() -> None:
    assert judge(delivering(), 10.0) == (True, [], [])


def test_a_late_probe_is_red_whatever_the_processes_say() -> None:
    seen = delivering()
    seen.round_trip.begin("m", 10.0)
    seen.round_trip.fail("the change was committed, but did not arrive within 2 s")
    verdict = judge(seen, 10.1)
    assert not verdict.is_ready
    assert verdict.warnings == []
    assert verdict.reasons == [
        "delivery is late at the hop connected: the change was committed, but did not arrive within 2 s"
    ]


def test_what_is_wrong_while_changes_arrive_is_a_warning() -> None:
    seen = delivering()
    seen.ledger.hear(Heartbeat("gateway:gateway-01", "gateway", 8, "box", "serving", True, 0.0, 0.0, b""), 1.0)
    seen.ledger.review(10.0)
    seen.programs = [Program("extra:extra", "extra", "FATAL", 0, 0.0, "Exited too quickly")]
    seen.lines.hear("tcp://127.0.0.1:9", Beat("listener-2", False, "e", 42, True, 900.0, 1, 1000.0), 1.0)
    verdict = judge(seen, 10.0)
    assert verdict.is_ready
    assert verdict.warnings == [
        "gateway:gateway-01 is lost: nothing heard for 9 s",
        "supervisord gave up on extra:extra: Exited too quickly",
        "the listener at tcp://127.0.0.1:9 has fallen silent",
    ]


def test_a_database_without_a_sequencer_is_a_warning() -> None:
    seen = delivering()
    seen.lines.hear(LINE, Beat("listener-1", False, "e", 42, True, 900.0, 1, 1000.0), 9.9)
    assert judge(seen, 10.0).warnings == ["no listener sequences: changes wait in the database"]


def test_what_only_a_gateway_finds_of_a_line_is_a_warning_that_names_it() -> None:
    seen = delivering()
    own = "the listener at tcp://127.0.0.1:9 has fallen silent"
    seen.lines.hear("tcp://127.0.0.1:9", Beat("listener-2", False, "e", 42, True, 900.0, 1, 1000.0), 1.0)
    remarks = [own, "the listener at tcp://127.0.0.1:8767 loses events on their way here"]
    seen.ledger.hear(Heartbeat("g:1", "gateway", 8, "box", "serving", True, 0.0, 0.0, b"", remarks), 9.5)
    assert judge(seen, 10.0).warnings == [own, f"g:1: {remarks[1]}"]
    seen.ledger.review(13.0)
    assert f"g:1: {remarks[1]}" not in judge(seen, 13.0).warnings, "what a lost process last said is old"


def test_the_status_has_the_verdict_on_every_line() -> None:
    seen = delivering()
    seen.lines.expect(["tcp://127.0.0.1:7"], 0.0)
    unheard, good = status_of(seen).lines
    assert (unheard.line, unheard.state, unheard.silent, unheard.age) == ("tcp://127.0.0.1:7", "unheard", True, 10.0)
    assert unheard.remark in status_of(seen).warnings
    assert (good.state, good.remark, good.behind) == ("good", None, 0)


def test_the_status_tells_what_was_seen() -> None:
    status = msgspec.json.decode(msgspec.json.encode(status_of(delivering())))
    assert status["ready"] is True
    expected = {"up": True, "since": "1970-01-01T00:15:00.000Z", "reason": None, "age": 1.0, "installed": True}
    assert status["database"] == expected
    assert status["websocket"] == {"up": True, "reason": None, "age": 1.5}
    assert status["realtime"]["late"] is False
    assert set(status["realtime"]["hops"]) == {"captured", "received"}
    assert status["last_event"] == {
        "seq": 42,
        "table": "bookings",
        "captured_at": "1970-01-01T00:16:30.000Z",
        "age": 10.0,
    }
    assert [line["leading"] for line in status["lines"]] == [True]
    assert [process["presence"] for process in status["processes"]] == ["present"]
    assert status["programs"] is None


def test_before_anything_is_known_the_status_says_so_and_not_that_all_is_well() -> None:
    status = read_status(make_observations(), now=0.0, unix_now=1000.0)
    assert (status.ready, status.database.up, status.websocket.up) == (False, None, None)
    assert (status.realtime.seconds, status.realtime.age, status.last_event) == (None, None, None)
    assert (status.database.age, status.websocket.age, status.sample) == (None, None, None)


@pytest.mark.parametrize(
    ("url", "scheme", "port"),
    [("ws://127.0.0.1:9765", "ws", 9765), ("wss://realtime.example", "wss", 443), ("ws://[::1]", "ws", 80)],
)
def test_the_status_says_where_the_gateways_are(url: str, scheme: str, port: int) -> None:
    seen = delivering()
    seen.gateway_url = url
    status = status_of(seen)
    assert (status.gateway_scheme, status.gateway_port) == (scheme, port)


def test_the_status_has_what_the_gateways_count() -> None:
    seen = delivering()
    text = f'wasla_clients 3.0\nwasla_lagging_clients 1.0\nwasla_line_first_total{{line="{LINE}"}} 5.0\n'
    seen.ledger.hear(Heartbeat("g:1", "gateway", 8, "box", "serving", True, 0.0, 0.0, text.encode(), ["r"]), 9.5)
    seen.memory = {"g:1": 1024}
    take_sample(seen, now=10.0, unix_now=1000.0)
    status = status_of(seen)
    told, silent = status.processes
    assert (told.clients, told.lagging, told.memory, told.remarks) == (3, 1, 1024, ["r"])
    assert (silent.clients, silent.lagging, silent.memory) == (None, None, None)
    assert (status.lines[0].first, status.lines[0].duplicates, status.lines[0].missed) == (5, 0, 0)
    assert status.sample is not None
    assert (status.sample.at, status.sample.ready, status.sample.clients) == (1000.0, True, 3)


def test_the_database_is_down_since_it_changed() -> None:
    seen = delivering()
    assert seen.database.found_down("it does not answer", 950.0)
    assert not seen.database.found_down("it still does not answer", 960.0)
    status = status_of(seen)
    assert status.database.since == "1970-01-01T00:15:50.000Z"
    assert status.reasons == ["the database is down: it still does not answer"]


def test_the_status_as_metrics() -> None:
    families = Families()
    for family in metrics.describe(status_of(delivering())):
        families.add(family)
    read = {family.name: family for family in text_string_to_metric_families(families.text().decode())}
    (up,) = read["wasla_up"].samples
    assert up.labels == {"process": "gateway:gateway-00", "role": "gateway", "machine": "box"}
    assert up.value == 1
    assert read["wasla_ready"].samples[0].value == 1
    assert read["wasla_probe_late"].samples[0].value == 0
    assert read["wasla_heartbeat_age_seconds"].samples[0].value == 0.5
