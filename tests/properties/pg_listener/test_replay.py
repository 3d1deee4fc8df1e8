"""Recent events against the naive model: a list of everything ever published."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.pg_listener.replay import RecentEvents
from shared.bus.messages import ReplayRequest
from shared.events import Event

BATCHES = st.lists(st.lists(st.integers(0, 300), min_size=1, max_size=8), max_size=12)


@given(
    start=st.integers(0, 1000),
    batches=BATCHES,
    max_events=st.integers(1, 30),
    max_bytes=st.integers(1, 8000),
    behind=st.integers(-3, 60),
    wanted=st.integers(1, 20),
    wanted_bytes=st.integers(1, 2000),
)
def test_an_answer_is_a_part_of_the_stream_or_there_is_none(
    *,
    start: int,
    batches: list[list[int]],
    max_events: int,
    max_bytes: int,
    behind: int,
    wanted: int,
    wanted_bytes: int,
) -> None:
    recent = RecentEvents(max_events=max_events, max_bytes=max_bytes)
    recent.restart("e1", start)
    published: list[Event] = []
    for batch in batches:
        first = start + len(published) + 1
        events = [
            Event(first + offset, "INSERT", "t", "t_events", None, 0.0, b"x" * size)
            for offset, size in enumerate(batch)
        ]
        recent.append(events)
        published += events
    assert recent.top_seq == start + len(published)

    after_seq = max(0, recent.top_seq - behind)
    reply = recent.answer(ReplayRequest(1, "e1", after_seq, wanted, wanted_bytes))
    expected = [event for event in published if event.seq > after_seq]
    if reply is None:
        assert after_seq < recent.top_seq
        return
    assert reply.events == expected[: len(reply.events)]
    assert len(reply.events) <= wanted
    assert sum(len(event.message) for event in reply.events[1:]) <= wanted_bytes
    assert bool(reply.events) == bool(expected)
