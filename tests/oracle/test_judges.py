"""The judge notices what it is there for: each thing that may go wrong is done to a good round, and is named."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import pytest

from tests.oracle.interests import Subscription
from tests.oracle.judge_stream import Seen, StreamJudge
from tests.oracle.judgement import Evidence, Judge, Witness
from tests.oracle.notes import Change, Logged, Noted, State, empty_state
from tests.oracle.plan import plan_faults, plan_transaction
from tests.oracle.tables import Row

EPOCH = "epoch"


def reading(key: int, value: float = 1.0) -> Row:
    return {"id": key, "sensor": key % 3, "value": value}


def logged(seq: int, xid: int, index: int, size: int, row: Row) -> Logged:
    return Logged(seq, str(xid), index, size, "readings", "readings_events", "INSERT", str(row["id"]), row, None, None,
                  None, 0.0)  # fmt: skip


LOG = [logged(1, 70, 0, 1, reading(1)), logged(2, 71, 0, 2, reading(2)), logged(3, 71, 1, 2, reading(3))]
NOTES = {
    "70": Noted(1, [[Change("INSERT", "readings", None, reading(1))]], acknowledged=True, began_at=1, ended_at=2),
    "71": Noted(
        2,
        [[Change("INSERT", "readings", None, reading(2)), Change("INSERT", "readings", None, reading(3))]],
        acknowledged=True,
        began_at=3,
        ended_at=4,
    ),
}
TABLES: State = {**empty_state(), "readings": {(n,): reading(n) for n in (1, 2, 3)}}


def told(row: Logged) -> Seen:
    return Seen(0.0, "realtime_event", row.seq, row.digest, {})


def registered(seq: int = 0, *, resumed: bool = False) -> list[Seen]:
    resume = {"resume": {"epoch": EPOCH, "seq": seq}} if resumed else {}
    data = {"epoch": EPOCH, "seq": seq, "resumed": resumed}
    return [Seen(0.0, "registering", 0, 0, resume), Seen(0.0, "registered", seq, 0, data)]


def position(seq: int) -> Seen:
    return Seen(0.0, "position", seq, 0, {"epoch": EPOCH, "seq": seq})


def resync(seq: int, reason: str, **fields: object) -> Seen:
    return Seen(0.0, "resync", seq, 0, {"reason": reason, "epoch": EPOCH, "seq": seq, "tables": None, **fields})


GOOD = [*registered(), *map(told, LOG)]


def evidence(seen: Sequence[Seen] = GOOD, rows: State | None = None, **changed: object) -> Evidence:
    witness = Witness(seen, [], TABLES if rows is None else rows)
    good = Evidence(3, EPOCH, LOG, NOTES, {1: "70", 2: "71"}, TABLES, 0, {"c": witness})
    return dataclasses.replace(good, **changed)  # type: ignore[arg-type]


def weigh(given: Evidence) -> list[str]:
    return Judge(0, empty_state(), ["c"]).weigh(given)


def test_a_good_round_is_good() -> None:
    assert weigh(evidence()) == []


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        ([*registered(), told(LOG[0]), told(LOG[2])], "1 events lost, first seq 2"),
        ([*registered(), told(LOG[0]), position(3)], "2 events lost, first seq 2"),
        ([*registered(), told(LOG[0]), told(LOG[1])], "stands at 2 and not at the top 3"),
        ([*registered(), told(LOG[0]), told(LOG[0]), *map(told, LOG[1:])], "had everything up to 1"),
        ([*registered(), told(LOG[1]), told(LOG[0]), told(LOG[2])], "had everything up to 2"),
        ([*registered(), told(LOG[0]), *registered(3, resumed=True)], "the client itself is wrong"),
        ([*registered(), told(LOG[0]), *registered(1, resumed=True), *map(told, LOG)], "had everything up to 1"),
        ([*registered(), told(LOG[0])._replace(digest=7), *map(told, LOG[1:])], "something else of seq 1"),
        ([*registered(), told(LOG[0]), resync(3, "position_expired")], "told that 1 expired"),
        ([*registered(), told(LOG[0]), resync(3, "epoch_changed")], "it did not"),
        ([*registered(), told(LOG[0]), resync(3, "capture_failed", tables=["readings"])], "no such mark"),
        ([*GOOD, position(3)._replace(data={"epoch": "another", "seq": 3})], "told a position of epoch another"),
        ([*GOOD, Seen(0.0, "error", 0, 0, {"code": "unavailable"})], "told an error"),
    ],
)  # fmt: skip
def test_what_a_client_must_not_see(seen: list[Seen], said: str) -> None:
    wrong = weigh(evidence(seen))
    assert any(said in text for text in wrong)


def test_an_expired_position_is_excused_where_the_log_was_dropped() -> None:
    seen = [*registered(), told(LOG[0]), resync(3, "position_expired")]
    assert weigh(evidence(seen, dropped_until=2)) == []


def test_a_client_resumes_behind_what_subscribed_said() -> None:
    subscribing = Seen(0.0, "subscribing", 0, 0, {"id": "all"})
    subscribed = Seen(0.0, "subscribed", 3, 0, {"id": "all", "seq": 3})
    judge = StreamJudge("c", [{"id": "none", "tables": ["queue"]}])
    first = [*registered(1), subscribing, subscribed]
    first[0] = Seen(0.0, "registering", 0, 0, {"subscribe": judge.interest})
    log = {row.seq: row for row in LOG}
    again = registered(1, resumed=True)
    again[0] = Seen(0.0, "registering", 0, 0, {**again[0].data, "subscribe": [{"id": "all"}]})
    assert list(judge.judge([*first, *again, told(LOG[1]), told(LOG[2])], log, 0, EPOCH)) == []


def test_what_was_not_asked_for() -> None:
    asked: list[Subscription] = [{"id": "s", "tables": ["readings"], "where": {"sensor": {"eq": 0}}}]
    judge = StreamJudge("c", [])
    seen = [Seen(0.0, "registering", 0, 0, {"subscribe": asked}), registered()[1], told(LOG[0])]
    wrong = list(judge.judge(seen, {row.seq: row for row in LOG}, 0, EPOCH))
    assert "which it did not ask for" in wrong[0]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda log: [log[0], log[2]], "goes on with seq 3 after 1"),
        (lambda log: [log[0], log[1]._replace(tx_size=1), log[2]], "has 2 events, and says it has 1"),
        (lambda log: [log[0], log[1], log[2]._replace(data=reading(4))], "a statement changed"),
        (lambda log: [log[0]._replace(tx_id="99"), *log[1:]], "never committed"),
        (lambda log: [log[1]._replace(seq=1), log[0]._replace(seq=2), log[2]], "is in the log twice"),
        (lambda log: [log[1]._replace(seq=1), log[2]._replace(seq=2), log[0]._replace(seq=3)], "ended first"),
    ],
)
def test_what_the_log_must_not_hold(change: Callable[[list[Logged]], list[Logged]], said: str) -> None:
    wrong = weigh(evidence(log=change(LOG)))
    assert any(said in text for text in wrong)


def test_rows_that_are_not_the_tables() -> None:
    shown: State = {**TABLES, "readings": {(1,): reading(1)}}
    assert "shows 2 rows of readings otherwise" in weigh(evidence(rows=shown))[0]
    assert "the log makes other rows" in weigh(evidence(tables=shown))[0]


def test_the_same_seed_plans_the_same() -> None:
    assert plan_transaction(5, 17, two_phase=True) == plan_transaction(5, 17, two_phase=True)
    assert plan_transaction(5, 17, two_phase=True) != plan_transaction(6, 17, two_phase=True)
    assert plan_faults(5, 3, ["a", "b", "c"], 7) == plan_faults(5, 3, ["a", "b", "c"], 7)
    drawn = [fault.kind for number in range(3) for fault in plan_faults(5, number, ["a", "b", "c"], 7).faults]
    assert sorted(drawn) == sorted("abc" * 7)
