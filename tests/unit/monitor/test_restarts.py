"""What is killed because it hangs, and all the cases in which nothing is."""

from __future__ import annotations

import pytest

from services.monitor.ledger import Ledger
from services.monitor.programs import Program
from services.monitor.restarts import Restarts
from shared.heartbeats import Heartbeat

OWN = "monitor:monitor"
GATEWAY = "gateway:gateway-00"
DATABASE = "postgres:postgres"


def program(name: str = GATEWAY, *, pid: int = 100, state: str = "RUNNING", uptime: float = 1000.0) -> Program:
    return Program(name, name.partition(":")[0], state, pid, uptime)


def make_restarts() -> Restarts:
    return Restarts(own=OWN, groups={"gateway"}, restart_after=6.0, restart_grace=30.0, min_interval=15.0)


def make_ledger(heard: dict[str, tuple[int, float]], *, reviewed_at: float) -> Ledger:
    """Return a ledger that listens since 0; ``heard`` is pid and time of each process's last heartbeat."""
    ledger = Ledger(late_after=2.0, lost_after=4.0, forget_after=300.0, max_pause=1e9)
    ledger.review(0.0)
    for process, (pid, at) in heard.items():
        ledger.hear(Heartbeat(process, "gateway", pid, "box", "serving", True, 0.0, 0.0, b""), at)
    ledger.review(reviewed_at, meant_to_run=set(heard))
    return ledger


@pytest.mark.parametrize(
    ("case", "heard", "seen", "now", "is_due"),
    [
        ("silent, with the pid that runs", {GATEWAY: (100, 4.0)}, program(), 10.0, True),
        ("not silent for long enough", {GATEWAY: (100, 4.1)}, program(), 10.0, False),
        ("silent, but supervisord is at it", {GATEWAY: (100, 0.0)}, program(state="BACKOFF"), 10.0, False),
        ("silent, but it was stopped", {GATEWAY: (100, 0.0)}, program(state="STOPPED"), 10.0, False),
        ("restarted: its own time to start", {GATEWAY: (100, 0.0)}, program(pid=101, uptime=5.0), 20.0, False),
        ("restarted: that time is over", {GATEWAY: (100, 0.0)}, program(pid=101, uptime=30.0), 40.0, True),
        ("heard behind a wrapper of another pid", {GATEWAY: (7, 99.0)}, program(), 100.0, False),
        ("never heard, in its time to start", {}, program(uptime=29.0), 100.0, False),
        ("never heard, and it should have been", {}, program(uptime=30.0), 100.0, True),
        ("never heard, but the monitor has just begun", {}, program(uptime=1000.0), 29.0, False),
        ("a program that sends no heartbeats", {}, program(DATABASE), 100.0, False),
        ("another's program, in whose name somebody sent one", {DATABASE: (100, 0.0)}, program(DATABASE), 100.0, False),
        ("the monitor itself", {}, program(OWN), 100.0, False),
    ],
)
def test_due(case: str, heard: dict[str, tuple[int, float]], seen: Program, now: float, is_due: bool) -> None:
    ledger = make_ledger({OWN: (1, now), **heard}, reviewed_at=now)
    assert (make_restarts().due(ledger, [seen], now) == seen) is is_due, case


@pytest.mark.parametrize("own", [{}, {OWN: (1, 7.0)}], ids=["never heard", "silent"])
def test_nobody_is_judged_while_the_monitor_does_not_hear_itself(own: dict[str, tuple[int, float]]) -> None:
    ledger = make_ledger({GATEWAY: (100, 0.0), **own}, reviewed_at=10.0)
    assert make_restarts().due(ledger, [program()], 10.0) is None


def test_the_same_process_is_not_killed_again_before_the_interval_has_passed() -> None:
    restarts = make_restarts()
    killed_at = []
    for second in range(10, 60):
        ledger = make_ledger({GATEWAY: (100, 0.0), OWN: (1, second)}, reviewed_at=second)
        if restarts.due(ledger, [program()], second) is not None:
            killed_at.append(second)
    assert killed_at == [10, 25, 40, 55]


def test_one_look_kills_one_process_the_longest_silent_first() -> None:
    restarts = make_restarts()
    other = "gateway:gateway-01"
    ledger = make_ledger({GATEWAY: (100, 2.0), other: (200, 1.0), OWN: (1, 10.0)}, reviewed_at=10.0)
    programs = [program(), program(other, pid=200)]
    assert restarts.due(ledger, programs, 10.0) == programs[1]
    assert restarts.due(ledger, programs, 10.0) == programs[0]
    assert restarts.due(ledger, programs, 10.0) is None
