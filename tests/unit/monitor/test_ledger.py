"""The ledger: silence becomes lateness becomes loss, and is told once."""

from __future__ import annotations

from services.monitor.ledger import Change, Ledger, Presence
from shared.heartbeats import Heartbeat


def heartbeat(process: str = "gateway:gateway-00", pid: int = 100) -> Heartbeat:
    return Heartbeat(process, "gateway", pid, "box", "serving", True, 0.0, 0.0, b"")


def make_ledger(*, forget_after: float = 60.0, max_pause: float = 1000.0) -> Ledger:
    return Ledger(late_after=2.0, lost_after=4.0, forget_after=forget_after, max_pause=max_pause)


def test_a_silence_is_told_once_at_each_step() -> None:
    ledger = make_ledger()
    ledger.hear(heartbeat(), 0.0)
    told = {second: [change.presence for change in ledger.review(second / 2)] for second in range(12)}
    assert told[0] == [Presence.PRESENT]
    assert told[4] == [Presence.LATE]
    assert told[8] == [Presence.LOST]
    assert all(not changes for half_second, changes in told.items() if half_second not in {0, 4, 8})


def test_one_heartbeat_makes_a_lost_process_present() -> None:
    ledger = make_ledger()
    ledger.hear(heartbeat(), 0.0)
    ledger.review(10.0)
    ledger.hear(heartbeat(), 11.0)
    assert ledger.review(11.5) == [Change("gateway:gateway-00", Presence.PRESENT, 0.5)]


def test_a_changed_pid_counts_as_a_restart() -> None:
    ledger = make_ledger()
    for pid in (100, 100, 101, 101, 102):
        ledger.hear(heartbeat(pid=pid), 0.0)
    assert ledger.entries["gateway:gateway-00"].restarts == 2


def test_a_process_stopped_on_purpose_is_gone_and_never_lost() -> None:
    ledger = make_ledger()
    ledger.hear(heartbeat(), 0.0)
    ledger.review(0.0)
    stopped = {"gateway:gateway-00"}
    assert ledger.review(1.0, stopped=stopped) == []
    assert ledger.review(2.0, stopped=stopped) == [Change("gateway:gateway-00", Presence.GONE, 2.0)]
    assert not ledger.entries


def test_a_process_nobody_means_to_run_is_forgotten_in_the_end() -> None:
    ledger = make_ledger(forget_after=60.0)
    ledger.hear(heartbeat("gateway:4711"), 0.0)
    ledger.hear(heartbeat("gateway:gateway-00"), 0.0)
    ledger.review(59.0, meant_to_run={"gateway:gateway-00"})
    gone = ledger.review(60.0, meant_to_run={"gateway:gateway-00"})
    assert gone == [Change("gateway:4711", Presence.GONE, 60.0)]
    assert ledger.entries["gateway:gateway-00"].presence is Presence.LOST


def test_a_pause_of_the_monitor_is_nobodys_silence() -> None:
    ledger = make_ledger(max_pause=2.0)
    ledger.hear(heartbeat(), 0.0)
    ledger.review(1.0)
    assert ledger.review(100.0) == []
    assert ledger.is_present("gateway:gateway-00")
    assert ledger.quiet_for("gateway:gateway-00", 100.0) == 0.0
    assert [change.presence for change in ledger.review(101.0)] == [Presence.LATE]


def test_a_process_never_heard_is_quiet_since_the_monitor_listens() -> None:
    ledger = make_ledger()
    assert ledger.quiet_for("unheard:unheard", 50.0) == 0.0
    ledger.review(50.0)
    assert ledger.quiet_for("unheard:unheard", 57.0) == 7.0


def test_presence_is_asked_by_name() -> None:
    ledger = make_ledger()
    ledger.hear(heartbeat(), 0.0)
    ledger.review(3.0)
    assert not ledger.is_present("gateway:gateway-00")
    assert not ledger.is_present("unheard:unheard")
