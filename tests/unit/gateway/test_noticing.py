"""How soon a gateway asks for what was lost on the bus, by its own decisions and the settings as they come."""

from __future__ import annotations

import random

import pytest

from services.gateway.intake import Intake
from services.pg_listener.settings import ListenerSettings
from shared.bus.messages import Batch, Beat
from shared.events import Event

NOTICED_WITHIN = 2.0
"""Seconds, as the protocol promises: however little happens afterwards."""

BEAT = ListenerSettings.model_fields["beat_interval"].default


def batch(seq: int) -> Batch:
    return Batch("e", seq - 1, [Event(seq, "INSERT", "t", "c", None, 0.0, b"x")], 0.0, 0.0)


def beat(top: int) -> Beat:
    return Beat("l", leading=True, epoch="e", top_seq=top, database_up=True, database_since=0.0,
                catalog_version=1, sent_at=0.0)  # fmt: skip


def asked_after(seed: int, lost_beats: int) -> float:
    """Return how long after the loss of the last event, nothing following but beats, it is asked for."""
    rng = random.Random(seed)
    intake = Intake(100, 10**6, rng)
    intake.on_beat("a", beat(4), 0.0)
    intake.on_batch("a", batch(5), 0.0)
    lost_at = rng.uniform(0.0, BEAT)
    now = BEAT * (1 + lost_beats)
    assert intake.next_request(now) is None, "nothing tells of it yet"
    intake.on_beat("a", beat(6), now)
    delay = intake.seconds_to_request(now)
    assert delay is not None
    assert intake.next_request(now + delay) is not None
    return now + delay - lost_at


@pytest.mark.parametrize("lost_beats", [0, 3])
def test_the_last_event_before_a_silence_is_missed_in_time(lost_beats: int) -> None:
    assert max(asked_after(seed, lost_beats) for seed in range(200)) <= NOTICED_WITHIN
