"""The doctor on the bus over NATS."""

from __future__ import annotations

from prometheus_client import generate_latest

from services.cli.doctor.bus_verdicts import judge_bus
from services.cli.doctor.examine_nats import BEHIND
from services.cli.doctor.facts import BusFacts, NatsFacts
from services.pg_listener.metrics import ListenerMetrics

GOOD = NatsFacts(server="nats://127.0.0.1:4222", version=(2, 15, 1), behind=0)


class Stream:
    behind, connected, appended = 3, True, 9


def judged(nats: NatsFacts, engines: tuple[str, ...] = ("nats",)) -> list[tuple[str, str]]:
    findings = judge_bus(BusFacts(engines=engines, nats=nats))
    return [(finding.level, finding.sentence) for finding in findings]


def test_a_server_that_is_reached_is_fine_and_no_key_is_asked_for() -> None:
    assert judged(GOOD) == [("ok", "bus: NATS 2.15.1 at nats://127.0.0.1:4222")]


def test_servers_that_cannot_be_used_are_a_problem() -> None:
    ((level, sentence),) = judged(NatsFacts(failure="Authorization Violation"))
    assert level == "problem"
    assert "no NATS server can be used (Authorization Violation); see that they run" in sentence


def test_a_certificate_that_is_not_trusted_is_a_matter_of_the_authority() -> None:
    failure = "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate (_ssl.c:1016)"
    ((level, sentence),) = judged(NatsFacts(failure=failure))
    assert level == "problem"
    assert "let WASLA_BUS_CA name the authority" in sentence
    assert "WASLA_BUS_CREDENTIALS" not in sentence


def test_settings_with_which_no_server_is_asked_say_themselves_what_to_do() -> None:
    assert judged(NatsFacts(refusal="expected a mode; run chmod")) == [("problem", "bus: expected a mode; run chmod")]


def test_an_old_server_is_a_problem() -> None:
    ((level, sentence),) = judged(NatsFacts(server="nats://h:1", version=(2, 9, 10)))
    assert (level, sentence) == (
        "problem",
        "bus: expected NATS 2.11 or newer at nats://h:1, it is 2.9.10; install a newer one",
    )


def test_a_stream_that_is_behind_is_a_warning() -> None:
    _, (level, sentence) = judged(NatsFacts(server="s", version=(2, 15, 1), behind=7))
    assert level == "warning"
    assert "the stream is 7 events behind" in sentence


def test_a_fleet_that_moves_is_told_what_is_read() -> None:
    _, moving, key = judged(GOOD, ("zmq", "nats"))
    assert moving == ("note", "bus: listeners publish on zmq and on nats, gateways read zmq")
    assert key[1].startswith("bus key")


def test_what_is_read_goes_by_the_name_that_the_listener_gives_it() -> None:
    metrics = ListenerMetrics()
    metrics.show_stream(Stream())
    assert f"{BEHIND} 3.0" in generate_latest(metrics.registry).decode()
