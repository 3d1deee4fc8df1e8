"""Whatever processes do, a healthy one is never killed, a hung one always is, and nobody is killed too often."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.monitor.ledger import Ledger
from services.monitor.programs import Program
from services.monitor.restarts import Restarts
from shared.heartbeats import Heartbeat

OWN = "monitor:monitor"
HEALTHY = "gateway:gateway-00"
FICKLE = "gateway:gateway-01"
RESTART_AFTER, GRACE, MIN_INTERVAL = 6.0, 30.0, 15.0
STEPS = 120

beats = st.lists(st.booleans(), min_size=STEPS, max_size=STEPS)
pauses = st.lists(st.sampled_from([1.0, 1.0, 1.0, 1.4, 40.0]), min_size=STEPS, max_size=STEPS)


def heartbeat(process: str, pid: int) -> Heartbeat:
    return Heartbeat(process, "gateway", pid, "box", "serving", True, 0.0, 0.0, b"")


class World:
    """Three processes under one supervisord, which starts a killed one at once with another pid."""

    def __init__(self) -> None:
        self.ledger = Ledger(late_after=2.0, lost_after=4.0, forget_after=300.0, max_pause=2.0)
        self.restarts = Restarts(
            own=OWN, groups={"gateway"}, restart_after=RESTART_AFTER, restart_grace=GRACE, min_interval=MIN_INTERVAL
        )
        self.now = 0.0
        self.pids = {OWN: 1, HEALTHY: 2, FICKLE: 3}
        self.started_at = dict.fromkeys(self.pids, 0.0)
        self.kills: list[tuple[str, float]] = []

    def step(self, seconds: float, beating: set[str]) -> None:
        self.now += seconds
        for process in beating:
            self.ledger.hear(heartbeat(process, self.pids[process]), self.now)
        self.ledger.review(self.now, meant_to_run=self.pids)
        hung = self.restarts.due(self.ledger, self.programs(), self.now)
        if hung is not None:
            self.kills.append((hung.name, self.now))
            self.pids[hung.name] += 10
            self.started_at[hung.name] = self.now

    def programs(self) -> list[Program]:
        return [
            Program(name, "gateway", "RUNNING", pid, self.now - self.started_at[name])
            for name, pid in self.pids.items()
        ]


@given(beats, pauses)
def test_only_the_silent_are_killed_and_not_too_often(fickle_beats: list[bool], steps: list[float]) -> None:
    world = World()
    for does_beat, seconds in zip(fickle_beats, steps, strict=True):
        world.step(seconds, {OWN, HEALTHY} | ({FICKLE} if does_beat else set()))
    assert {name for name, _ in world.kills} <= {FICKLE}
    times = [at for _, at in world.kills]
    assert all(later - earlier >= MIN_INTERVAL for earlier, later in pairwise(times))


@given(st.integers(1, 30), pauses)
def test_nobody_is_killed_while_the_monitor_hears_nothing(heard_for: int, steps: list[float]) -> None:
    world = World()
    for number, seconds in enumerate(steps):
        world.step(seconds, set(world.pids) if number < heard_for else set())
    assert world.kills == []


@given(st.integers(0, 40))
def test_a_process_that_hangs_is_killed_in_time(heard_for: int) -> None:
    world = World()
    for second in range(heard_for + int(GRACE) + 2):
        world.step(1.0, {OWN, HEALTHY} | ({FICKLE} if second < heard_for else set()))
    (killed,) = world.kills[:1]
    limit = RESTART_AFTER if heard_for else GRACE
    assert killed[0] == FICKLE
    assert killed[1] - max(heard_for, 1) <= limit + 1
