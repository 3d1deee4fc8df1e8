"""What the monitor remembers of the bus."""

from __future__ import annotations

from services.monitor.lines import Lines
from shared.bus.messages import Batch, Beat
from shared.events import Event
from shared.line_book import SILENT_AFTER, UNHEARD_AFTER, LineState

LINE = "tcp://127.0.0.1:8767"


def beat(*, leading: bool) -> Beat:
    return Beat("listener", leading, "e", 1, True, 0.0, 1, 0.0)


def event(seq: int, *, internal: bool) -> Event:
    return Event(seq, "TEST" if internal else "INSERT", "t", "c", None, 0.0, b"{}", internal)


def test_a_leader_that_stops_beating_leads_no_more() -> None:
    lines = Lines()
    assert not lines.lacks_leader(0.0), "nothing is known yet"
    lines.hear(LINE, beat(leading=True), 0.0)
    assert not lines.lacks_leader(SILENT_AFTER)
    assert lines.lacks_leader(SILENT_AFTER + 0.1)


def test_a_standby_is_no_leader() -> None:
    lines = Lines()
    lines.hear(LINE, beat(leading=False), 0.0)
    assert lines.lacks_leader(0.1)


def test_a_configured_line_is_judged_like_one_that_was_heard() -> None:
    lines = Lines()
    lines.expect([LINE], 0.0)
    assert [verdict.state for verdict in lines.judge(UNHEARD_AFTER + 0.1)] == [LineState.UNHEARD]


def test_the_probes_own_events_are_not_the_last_event() -> None:
    lines = Lines()
    events = [event(1, internal=False), event(2, internal=True)]
    assert lines.pass_by(Batch("e", 0, events, 0.0, 0.0)) == events[1:]
    assert lines.last_event == events[0]
