"""No interleaving of writers, sequencer and crashes leaves a committed event unannounced.

The model keeps what PostgreSQL keeps: ids in order of assignment, the latest completed one, snapshots computed from
them as ``GetSnapshotData`` does, the advisory lock K, notifications delivered at commit. The safety poll is switched
off: whatever is drained is drained because of a ring or a poll that the doorbell asked for.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from services.pg_listener.doorbell import Act, Doorbell, Pace, State, Wait

PACE = Pace(busy=1.0, watchful=2.0, release_after=1.0, safety=math.inf)


PICK = st.integers(0, 3)


def _one_of(xids: Collection[int], pick: int) -> int:
    return sorted(xids)[pick % len(xids)]


@dataclass
class Snapshot:
    """What one statement sees: everything below ``xmax`` that was not ``running``."""

    xmin: int
    xmax: int
    running: frozenset[int]

    def sees(self, xid: int) -> bool:
        return xid < self.xmax and xid not in self.running


@dataclass
class Writer:
    """A transaction that wrote; it commits only after its statement, and so its look at K, has ended."""

    looked: bool = False
    rang: bool = False


@dataclass
class Cluster:
    """Transaction ids, the outbox, K and the wake channel."""

    next_xid: int = 100
    latest_completed: int = 99
    running: dict[int, Writer] = field(default_factory=dict)
    outbox: set[int] = field(default_factory=set)  # committed ids that nobody drained yet
    held: bool = False
    listening: bool = True

    def begin(self) -> int:
        xid, self.next_xid = self.next_xid, self.next_xid + 1
        self.running[xid] = Writer()
        return xid

    def look(self, xid: int) -> None:
        writer = self.running[xid]
        writer.looked = True
        writer.rang = writer.rang or not self.held

    def looked(self) -> set[int]:
        return {xid for xid, writer in self.running.items() if writer.looked}

    def complete(self, xid: int) -> Writer:
        self.latest_completed = max(self.latest_completed, xid)
        return self.running.pop(xid)

    def snapshot(self) -> Snapshot:
        xmax = self.latest_completed + 1
        running = frozenset(xid for xid in self.running if xid < xmax)
        return Snapshot(min(running, default=xmax), xmax, running)

    def own_xid(self) -> int:
        xid = self.begin()
        self.complete(xid)
        return xid


class Interleavings(RuleBasedStateMachine):
    """Writers and one sequencer, in any order; statements of the sequencer begin and end at different moments."""

    doorbell_type: type[Doorbell] = Doorbell

    def __init__(self) -> None:
        super().__init__()
        self.cluster = Cluster()
        self.now = 0.0
        self.broken_unnoticed = False
        self._connect(audible=True)

    def _connect(self, *, audible: bool) -> None:
        self.doorbell = self.doorbell_type(PACE, audible=audible, now=self.now)
        self.cluster.held = False
        self.drain_in_flight: Snapshot | None = None

    # Writers: insert, look at K and ring or skip, perhaps insert again, and end at some later moment

    @rule(looks=st.booleans())
    def a_writer_inserts(self, looks: bool) -> None:
        xid = self.cluster.begin()
        if looks:
            self.cluster.look(xid)

    @precondition(lambda self: self.cluster.running)
    @rule(pick=PICK)
    def a_writer_looks_at_the_bell(self, pick: int) -> None:
        self.cluster.look(_one_of(self.cluster.running, pick))

    @precondition(lambda self: any(self.cluster.looked()))
    @rule(pick=PICK)
    def a_writer_commits(self, pick: int) -> None:
        self._commit(_one_of(self.cluster.looked(), pick))

    @precondition(lambda self: self.cluster.running)
    @rule(pick=PICK)
    def a_writer_rolls_back(self, pick: int) -> None:
        self.cluster.complete(_one_of(self.cluster.running, pick))

    def _commit(self, xid: int) -> None:
        rang = self.cluster.complete(xid).rang
        self.cluster.outbox.add(xid)
        if rang and self.cluster.listening:
            self.doorbell.rang()

    # The sequencer

    @rule(steps=st.sampled_from([1, 2, 4, 8]))
    def the_sequencer_goes_on(self, steps: int) -> None:
        for _ in range(steps):
            self._step()

    def _step(self) -> bool:
        """One half of a statement; False when there is nothing to do but wait."""
        if self.drain_in_flight is not None:
            self._finish_drain(self.drain_in_flight)
            return True
        act = self.doorbell.next(self.now)
        match act:
            case Act.DRAIN:
                self.doorbell.draining(self.now)
                self.drain_in_flight = self.cluster.snapshot()
            case Act.TAKE:
                self.cluster.held = True
                self.doorbell.took(held=True)
            case Act.RELEASE:
                self.cluster.held = False
                self.doorbell.released(self.cluster.own_xid(), self.now)
            case Wait(until=until):
                if math.isinf(until):
                    return False
                self.now = max(self.now, until)
        return True

    def _finish_drain(self, snapshot: Snapshot) -> None:
        found = {xid for xid in self.cluster.outbox if snapshot.sees(xid)}
        self.cluster.outbox -= found
        self.drain_in_flight = None
        self.doorbell.drained(found=bool(found), more=False, xmin=snapshot.xmin, now=self.now)

    @rule()
    def a_writer_looks_at_the_lock_in_the_same_instant(self) -> None:
        if self.drain_in_flight is None and self.doorbell.next(self.now) is Act.TAKE:
            self.doorbell.took(held=False)

    # What goes wrong

    @rule(kind=st.sampled_from(["nothing", "nothing", "crash", "crash, deaf", "breaks", "noticed", "mended"]))
    def something_goes_wrong(self, kind: str) -> None:
        cluster = self.cluster
        if kind.startswith("crash"):
            self._die_and_lead_again(audible=kind == "crash")
        elif kind == "breaks" and cluster.listening:
            cluster.listening, self.broken_unnoticed = False, True
        elif kind == "noticed" and self.broken_unnoticed:
            self._notice_the_break()
        elif kind == "mended" and not cluster.listening and not self.broken_unnoticed:
            cluster.listening = True
            self.doorbell.hear(True, self.now)

    def _die_and_lead_again(self, *, audible: bool) -> None:
        self.cluster.listening, self.broken_unnoticed = audible, False
        self._connect(audible=audible)

    def _notice_the_break(self) -> None:
        self.broken_unnoticed = False
        self.doorbell.hear(False, self.now)

    # The promise

    @invariant()
    def who_sleeps_missed_nothing(self) -> None:
        if self.broken_unnoticed or self.drain_in_flight is not None or not self.cluster.outbox:
            return
        act = self.doorbell.next(self.now)
        asleep = isinstance(act, Wait) and math.isinf(act.until)
        assert not asleep, f"{self.cluster.outbox} is committed and nobody will look"

    def teardown(self) -> None:
        """Every open transaction commits, the sequencer goes on by itself: the outbox becomes empty."""
        if self.broken_unnoticed:
            self._notice_the_break()
        for xid in sorted(self.cluster.running):
            self.cluster.look(xid)
            self._commit(xid)
        for _ in range(50):
            if not self._step():
                break
        assert not self.cluster.outbox
        assert self.doorbell.state is (State.IDLE if self.doorbell.audible else State.BUSY)


SETTINGS = settings(
    max_examples=600, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck), database=None
)


def test_no_event_stays_unannounced() -> None:
    run_state_machine_as_test(Interleavings, settings=SETTINGS)


class FallsAsleepAtTheRelease(Doorbell):
    """Takes the first empty drain after the release for the last word."""

    def released(self, horizon: int, now: float) -> None:
        super().released(0, now)


class FallsAsleepWithoutLooking(Doorbell):
    """Skips LETTING_GO altogether."""

    def released(self, horizon: int, now: float) -> None:
        super().released(horizon, now)
        if self.audible:
            self.state = State.IDLE
            self._poll_at = math.inf


class TrustsABrokenBell(Doorbell):
    """Stays asleep when the bell is gone."""

    def hear(self, audible: bool, now: float) -> None:
        self.audible = audible


class WaitsForTheXmax(Interleavings):
    """Takes the snapshot's xmax at the release for the horizon, which running writers may stand above."""

    def _step(self) -> bool:
        if self.drain_in_flight is None and self.doorbell.next(self.now) is Act.RELEASE:
            self.cluster.held = False
            self.doorbell.released(self.cluster.snapshot().xmax - 1, self.now)
            return True
        return super()._step()


def _with(doorbell_type: type[Doorbell]) -> type[Interleavings]:
    return type(doorbell_type.__name__, (Interleavings,), {"doorbell_type": doorbell_type})


@pytest.mark.parametrize(
    "machine",
    [_with(FallsAsleepAtTheRelease), _with(FallsAsleepWithoutLooking), _with(TrustsABrokenBell), WaitsForTheXmax],
    ids=lambda machine: machine.__name__,
)
def test_the_model_finds_a_broken_guard(machine: type[Interleavings]) -> None:
    search = settings(
        SETTINGS, derandomize=True, max_examples=10_000, phases=[Phase.generate], report_multiple_bugs=False
    )
    with pytest.raises(AssertionError):
        run_state_machine_as_test(machine, settings=search)
