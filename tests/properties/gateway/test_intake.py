"""Whatever two lines lose, double or delay: the stream goes on with every seq once, in order."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from services.gateway.intake import Intake, Joined
from shared.bus.messages import Batch, Beat, ReplayReply
from shared.events import Event


def event(seq: int) -> Event:
    return Event(seq, "INSERT", "t", "c", None, 0.0, b"x" * 10)


def beat(top: int, *, leading: bool = True) -> Beat:
    return Beat("l", leading, "e", top, True, 0.0, 1, 0.0)


@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=20),
    st.lists(st.lists(st.booleans(), min_size=20, max_size=20), min_size=2, max_size=2),
    st.lists(st.sampled_from(["a", "b", "repair", "fail", "beat"]), max_size=60),
    st.integers(1, 8),
)
@settings(max_examples=300, deadline=None)
def test_every_seq_once_in_order(  # noqa: C901 - two lines, a log and a clock in one scene
    sizes: list[int], lost: list[list[bool]], steps: list[str], max_held: int
) -> None:
    batches, top = [], 0
    for size in sizes:
        batches.append(Batch("e", top, [event(top + 1 + i) for i in range(size)], 0.0, 0.0))
        top += size
    intake = Intake(max_held, 10**6, random.Random(1))
    intake.on_beat("a", beat(0), 0.0)
    queues = {
        line: [batch for index, batch in enumerate(batches) if not lost[number][index]]
        for number, line in enumerate("ab")
    }
    taken: list[int] = []
    now = 0.0

    def repair(*, fail: bool) -> None:
        ask = intake.next_request(now)
        if ask is None:
            return
        assert intake.next_request(now) is None, "one request at a time"
        if fail:
            intake.on_failure(now)
            return
        events = [event(seq) for seq in range(ask.after_seq + 1, min(top, ask.after_seq + 3) + 1)]
        reply = intake.on_reply(ReplayReply(1, "e", ask.after_seq, events, top), now)
        assert not isinstance(reply, Joined)
        taken.extend(item.seq for item in reply)

    def step(kind: str) -> None:
        nonlocal now
        now += 0.1
        if queues.get(kind):
            taken.extend(item.seq for item in intake.on_batch(kind, queues[kind].pop(0), now))
        elif kind == "beat":
            intake.on_beat("a", beat(intake.top), now)
        elif kind in ("repair", "fail"):
            repair(fail=kind == "fail")
        assert intake.held <= max_held

    for kind in steps:
        step(kind)
        assert taken == list(range(1, intake.top + 1))
    for line, queue in queues.items():
        while queue:
            step(line)
    for _ in range(top + 5):
        intake.on_beat("a", beat(top), now)
        step("repair")
    assert taken == list(range(1, top + 1))
