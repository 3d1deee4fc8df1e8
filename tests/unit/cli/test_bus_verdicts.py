"""The doctor on the bus's key: one that is missing, one that is no good, and machines whose keys differ."""

from __future__ import annotations

from typing import Any

import pytest
from prometheus_client import generate_latest

from services.cli.doctor import examine_bus
from services.cli.doctor.bus_verdicts import judge_bus
from services.cli.doctor.facts import BusFacts, MachineFacts
from services.cli.doctor.finding import Finding
from services.cli.doctor.machine_verdicts import judge_machine
from services.gateway.metrics import DESCRIPTIONS
from services.monitor.status import DatabaseStatus, LineStatus, RealtimeStatus, Status, WebSocketStatus
from services.pg_listener.metrics import ListenerMetrics
from shared.bus.handshakes import FAILURES, Turn
from shared.line_book import LineState

B = "tcp://10.0.0.2:8767"
BEYOND = BusFacts(beyond=("tcp://10.0.0.1:8767", B), key_file="/w/.wasla/bus.key", has_key=True)


def judged(**seen: Any) -> list[tuple[str, str, str]]:
    facts = BusFacts(**{name: seen.get(name, getattr(BEYOND, name)) for name in BusFacts.__dataclass_fields__})
    return [(finding.level, finding.subject, finding.sentence) for finding in judge_bus(facts)]


def test_what_is_counted_goes_by_the_names_that_listener_and_gateway_give_it() -> None:
    listener = ListenerMetrics()
    listener.count_refused({})
    assert f'{examine_bus.REFUSED}{{reason="{Turn.OTHER_KEY.value}"}}' in generate_latest(listener.registry).decode()
    assert examine_bus.REFUSALS.removesuffix("_total") in DESCRIPTIONS


def test_on_one_machine_none_is_needed() -> None:
    assert list(judge_bus(BusFacts(key_file="k"))) == [
        Finding("ok", "bus key", "none is needed, the bus stays on this machine")
    ]


def test_a_key_that_is_there_is_fine() -> None:
    assert judged() == [("ok", "bus key", "bus key: in /w/.wasla/bus.key")]


def test_beyond_this_machine_a_missing_key_is_a_problem() -> None:
    ((level, subject, sentence),) = judged(has_key=False)
    assert (level, subject) == ("problem", "bus key")
    assert f"{B} is not on this machine alone and there is no /w/.wasla/bus.key" in sentence
    assert sentence.endswith("copy it from another machine, or make the first one with wasla keys")


def test_a_key_that_is_no_good_is_its_own_sentence() -> None:
    assert judged(has_key=False, failure="expected 0600; run chmod")[0] == (
        "problem",
        "bus key",
        "bus key: expected 0600; run chmod",
    )


@pytest.mark.parametrize(
    ("turn", "has_key", "who", "advice"),
    [
        (Turn.OTHER_KEY, True, "have another bus key", "copy one file to all of them, then restart the processes"),
        (Turn.ONE_SIDED, True, "have no bus key", "copy /w/.wasla/bus.key to their machine, then restart"),
        (Turn.ONE_SIDED, False, "while there is none here", "copy theirs to /w/.wasla/bus.key, then restart"),
    ],
)
def test_those_who_are_being_refused_are_a_warning_with_what_to_do(
    turn: Turn, *, has_key: bool, who: str, advice: str
) -> None:
    seen = {"beyond": (), "has_key": has_key, "refused": {turn.value: 9}, "refused_lately": {turn.value: 2}}
    _, (level, _, sentence) = judged(**seen)
    assert level == "warning"
    assert who in sentence
    assert advice in sentence


def test_every_reason_that_is_counted_has_its_words() -> None:
    for turn in set(FAILURES) - {Turn.BROKEN}:
        assert len(judged(refused={turn.value: 1})) == 2


def test_those_who_were_refused_before_it_was_mended_are_a_note() -> None:
    _, (level, _, sentence) = judged(refused={"other_key": 9})
    assert level == "note"
    assert "9 connections of processes that have another bus key were refused earlier, none just now" in sentence


def advice(state: LineState, refusals: dict[str, int]) -> str:
    line = LineStatus(B, "", False, "", 0, False, True, 9.0, state=str(state), remark=f"the listener at {B} ails")
    status = Status(
        machine="m", generated_at="T", ready=True, reasons=[], warnings=[], last_event=None, lines=[line], processes=[],
        programs=None, database=DatabaseStatus(up=True, since=None, reason=None),
        websocket=WebSocketStatus(up=True, reason=None),
        realtime=RealtimeStatus(late=False, missing_hop=None, reason=None, seconds=0.004, hops={}, age=1.0),
    )  # fmt: skip
    bus = BusFacts(beyond=(B,), key_file="/w/bus.key", has_key=True, refusals=refusals)
    (finding,) = (it for it in judge_machine(MachineFacts(bus=bus, status=status)) if it.subject == "lines")
    return finding.advice


@pytest.mark.parametrize("state", [LineState.UNHEARD, LineState.SILENT])
def test_a_line_that_hangs_up_has_another_key(state: LineState) -> None:
    assert "compare sha256sum /w/bus.key on both" in advice(state, {B: 40})


def test_a_line_that_broke_once_or_is_heard_has_not() -> None:
    assert "sha256sum" not in advice(LineState.UNHEARD, {B: 1, "tcp://10.0.0.3:8767": 40})
    assert "sha256sum" not in advice(LineState.BEHIND, {B: 40})
