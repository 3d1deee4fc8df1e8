"""What the monitor remembers of the bus."""

from __future__ import annotations

from services.monitor.lines import Lines
from shared.bus.messages import Batch, Beat
from shared.events import Event

LINE = "tcp://127.0.0.1:8767"


def beat(*, leading: bool) -> Beat:
    return Beat("listener", leading, "e", 1, True, 0.0, 1, 0.0)


def event(seq: int, *, internal: bool) -> Event:
    return Event(seq, "TEST" if internal else "INSERT", "t", "c", None, 0.0, b"{}", internal)


def test_a_line_that_stops_beating_is_silent_and_leads_no_more() -> None:
    lines = Lines(silent_after=2.0)
    assert lines.is_silent(LINE, 0.0)
    lines.hear(LINE, beat(leading=True), 0.0)
    assert not lines.is_silent(LINE, 1.9)
    assert lines.has_leader(1.9)
    assert lines.is_silent(LINE, 2.0)
    assert not lines.has_leader(2.0)


def test_a_standby_is_no_leader() -> None:
    lines = Lines(silent_after=2.0)
    lines.hear(LINE, beat(leading=False), 0.0)
    assert not lines.has_leader(0.1)


def test_the_probes_own_events_are_not_the_last_event() -> None:
    lines = Lines(silent_after=2.0)
    events = [event(1, internal=False), event(2, internal=True)]
    assert lines.pass_by(Batch("e", 0, events, 0.0, 0.0)) == events[1:]
    assert lines.last_event == events[0]
