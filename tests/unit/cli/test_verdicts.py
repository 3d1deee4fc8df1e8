"""The doctor's verdicts: each thing that can be wrong is named, with what to do about it; nothing else is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.cli.doctor.facts import AlteredCapture, DatabaseFacts, Facts, InstallationFacts, LockHolder
from services.cli.doctor.finding import Finding
from services.cli.doctor.verdicts import is_healthy, judge
from services.monitor.status import LineStatus, RealtimeStatus
from services.setup.casts import ForeignCast
from shared.line_book import LineState, Verdict
from tests.unit.cli.sound_facts import (
    INSTALLED,
    LINE,
    MACHINE,
    NO_DATABASE,
    drifted,
    facts,
    late,
    measured,
    port,
    program,
    stopped_gateways,
    table,
)


def bad(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.level != "ok"]


def test_all_is_well() -> None:
    findings = judge(facts())
    assert bad(findings) == []
    assert is_healthy(findings)
    assert Finding("ok", "database", "PostgreSQL at db/station, version 18.6") in findings
    assert Finding("ok", "delivery", "a change takes 4.0 ms from table to WebSocket") in findings


CASES: list[tuple[str, Facts, str, str, str]] = [
    (
        "unreachable",
        Facts(DatabaseFacts(address="a", failure="PostgreSQL at a does not answer; start it"), MACHINE),
        "problem",
        "database",
        "does not answer; start it",
    ),
    (
        "old server",
        facts(server={"version": 140009}),
        "problem",
        "version",
        "expected PostgreSQL 15 or later, got 14.9",
    ),
    ("encoding", facts(server={"encoding": "SQL_ASCII"}), "problem", "encoding", "got the encoding SQL_ASCII"),
    (
        "leadership taken",
        facts(server={"lock_holders": (LockHolder(pid=7, object=2, user="amel", application="psql"),)}),
        "problem",
        "locks",
        "session 7 (amel, psql), no pg-listener, holds the sequencer's lock",
    ),
    (
        "doorbell taken",
        facts(server={"lock_holders": (LockHolder(pid=7, object=1, user="amel", application=""),)}),
        "warning",
        "locks",
        "pg_terminate_backend(7)",
    ),
    (
        "renamed",
        facts(installation=drifted(name_now="trips")),
        "problem",
        "bookings",
        "by its former name; run wasla watch trips --channel booking_events --capture notify_booking_change",
    ),
    (
        "another key",
        facts(installation=drifted(key_now=("id", "day"))),
        "problem",
        "bookings",
        "its key is (id, day) now, and ids are made of (id)",
    ),
    ("no key", facts(installation=drifted(key_now=None)), "problem", "bookings", "its key is gone"),
    (
        "detached partition",
        facts(installation=replace(INSTALLED, stray=("bookings_2025",))),
        "warning",
        "bookings_2025",
        "run wasla unwatch bookings_2025",
    ),
    ("replica", facts(server={"in_recovery": True}), "problem", "replica", "point WASLA_DATABASE_URL at the primary"),
    ("pooler", facts(server={"notifications_arrive": False}), "problem", "notifications", "transaction pooler"),
    ("queue filling", facts(server={"notification_queue_usage": 0.2}), "warning", "notifications", "20% full"),
    ("queue full", facts(server={"notification_queue_usage": 0.5}), "problem", "notifications", "commits fail"),
    ("2pc", facts(server={"max_prepared_transactions": 10}), "note", "two-phase commit", "is 10: writers do not ring"),
    ("clock ahead", facts(server={"clock_ahead": 4.0}), "warning", "clock", "4.0 s ahead of this machine"),
    ("clock behind", facts(server={"clock_ahead": -4.0}), "warning", "clock", "4.0 s behind this machine"),
    ("replica role", facts(server={"triggers_off_for": ("role importer",)}), "problem", "triggers", "role importer"),
    (
        "superuser",
        facts(server={"is_superuser": True}),
        "note",
        "rights",
        "is a superuser; the processes need far less",
    ),
    (
        "connected as the owner of least rights",
        facts(installation=replace(INSTALLED, has_least_rights=True)),
        "note",
        "rights",
        "may act as wasla_owner; the processes need far less",
    ),
    (
        "not installed",
        facts(installation=InstallationFacts(installed=False)),
        "problem",
        "schema wasla",
        "run wasla setup",
    ),
    (
        "no rights to read",
        facts(installation=InstallationFacts(installed=True, unreadable="permission denied")),
        "problem",
        "schema wasla",
        "wasla cannot read it (permission denied)",
    ),
    (
        "outdated",
        facts(installation=replace(INSTALLED, pending=("020_log.sql",))),
        "problem",
        "schema wasla",
        "020_log.sql",
    ),
    ("altered", facts(installation=replace(INSTALLED, altered=("010_a.sql",))), "problem", "schema wasla", "010_a.sql"),
    (
        "nothing watched",
        facts(installation=replace(INSTALLED, watched=())),
        "warning",
        "tables",
        "run wasla watch TABLE",
    ),
    ("table gone", facts(installation=table(exists=False)), "warning", "bookings", "run wasla unwatch bookings"),
    (
        "trigger missing",
        facts(installation=table(missing_triggers=("wasla_insert",))),
        "problem",
        "bookings",
        "triggers are missing: wasla_insert; run wasla watch bookings",
    ),
    (
        "trigger disabled",
        facts(installation=table(disabled_triggers=("wasla_insert",))),
        "problem",
        "bookings",
        "triggers are disabled: wasla_insert; run ALTER TABLE ... ENABLE TRIGGER",
    ),
    (
        "new partition",
        facts(installation=table(unwatched_partitions=("bookings_2027",))),
        "problem",
        "bookings",
        "bookings_2027; run wasla watch bookings",
    ),
    ("port taken", facts(machine=port("other")), "problem", "ports", "somebody else answers at 127.0.0.1:8765"),
    ("port mute", facts(machine=port("nobody")), "problem", "ports", "accepts connections and says nothing"),
    (
        "no supervisord",
        facts(machine=replace(MACHINE, programs=None, supervisor_failure="supervisord does not answer")),
        "note",
        "supervisord",
        "does not answer",
    ),
    (
        "fatal",
        facts(machine=program("monitor", "FATAL")),
        "problem",
        "monitor:monitor",
        "gave up on it (Exited too quickly)",
    ),
    (
        "backoff",
        facts(machine=program("monitor", "BACKOFF")),
        "warning",
        "monitor:monitor",
        "ends as soon as it starts",
    ),
    (
        "stopped",
        facts(machine=program("pg-listener", "STOPPED")),
        "warning",
        "pg-listener:pg-listener",
        "is not running",
    ),
    (
        "no worker",
        facts(machine=stopped_gateways()),
        "problem",
        "gateways",
        "no gateway worker runs; run wasla scale 2",
    ),
    (
        "no monitor",
        facts(machine=replace(MACHINE, status=None, status_failure="no monitor answers")),
        "problem",
        "delivery",
        "not measured: no monitor answers",
    ),
    ("late", facts(machine=late("sequenced")), "problem", "delivery", "no pg-listener is leading"),
    (
        "not ready",
        facts(machine=measured(ready=False, reasons=["the database is down: x"])),
        "problem",
        "delivery",
        "the database is down: x",
    ),
    (
        "first seconds",
        facts(
            machine=measured(
                realtime=RealtimeStatus(late=False, missing_hop=None, reason=None, seconds=None, hops={}, age=None)
            )
        ),
        "warning",
        "delivery",
        "look again",
    ),
    (
        "a standby without its database",
        facts(machine=measured(lines=[NO_DATABASE], warnings=[NO_DATABASE.remark])),
        "warning",
        "lines",
        "could not take over; see that pg-listener's log",
    ),
    (
        "a cast of somebody else's",
        facts(
            installation=replace(
                INSTALLED,
                foreign_casts=(ForeignCast(table="bookings", column="c", type="t", function="f(t)", owner="tenant"),),
            )
        ),
        "problem",
        "bookings",
        "column c becomes JSON by f(t) of role tenant",
    ),
    (
        "an altered capture",
        facts(
            installation=replace(
                INSTALLED,
                altered_captures=(
                    AlteredCapture(
                        function="wasla.notify_change()",
                        is_in_schema=True,
                        is_definer=False,
                        is_pinned=True,
                        owner="tenant",
                        is_rightly_owned=False,
                    ),
                ),
            )
        ),
        "problem",
        "capture",
        "it runs with the rights of whoever writes and belongs to role tenant",
    ),
    ("monitor warns", facts(machine=measured(warnings=["gateway is late"])), "warning", "monitor", "gateway is late"),
]


@pytest.mark.parametrize(("seen", "level", "subject", "said"), [case[1:] for case in CASES], ids=[c[0] for c in CASES])
def test_each_thing_that_is_wrong_is_named_alone(seen: Facts, level: str, subject: str, said: str) -> None:
    findings = judge(seen)
    assert [(finding.level, finding.subject) for finding in bad(findings)] == [(level, subject)]
    assert said in bad(findings)[0].sentence
    assert is_healthy(findings) == (level != "problem")


def test_missing_rights_are_named_beside_the_missing_schema() -> None:
    seen = facts(server={"may_create_schema": False}, installation=InstallationFacts(installed=False))
    assert [finding.subject for finding in bad(judge(seen))] == ["schema wasla", "rights"]


@pytest.mark.parametrize(("ahead", "level"), [(1.9, "ok"), (-1.9, "ok"), (2.1, "warning")])
def test_a_slow_answer_is_not_taken_for_a_wrong_clock(ahead: float, level: str) -> None:
    findings = judge(facts(server={"clock_ahead": ahead, "round_trip": 2.0}))
    assert [finding.level for finding in findings if finding.subject == "clock"] == [level]


@pytest.mark.parametrize("hop", ["connected", "captured", "sequenced", "published", "gateway", "received"])
def test_every_hop_of_the_probe_has_its_advice(hop: str) -> None:
    (finding,) = bad(judge(facts(machine=late(hop))))
    assert finding.advice
    assert "wasla status shows" not in finding.advice


def test_lines_that_are_good_are_one_line() -> None:
    assert Finding("ok", "lines", "every listener is heard and up to date (2)") in judge(
        facts(machine=measured(lines=[LINE, LINE]))
    )


def test_what_the_monitor_says_of_a_line_is_said_once() -> None:
    found = judge(facts(machine=measured(lines=[LINE, NO_DATABASE], warnings=[NO_DATABASE.remark, "else"])))
    assert [finding.subject for finding in bad(found)] == ["lines", "monitor"]


@pytest.mark.parametrize("state", [state for state in LineState if Verdict("l", state, 0.0).remark])
def test_every_ailment_of_a_line_has_an_advice(state: LineState) -> None:
    line = LineStatus("l", "l", False, "", 0, False, True, 9.0, state=str(state), remark="the listener at l ails")
    (finding,) = bad(judge(facts(machine=measured(lines=[line]))))
    assert finding.advice
