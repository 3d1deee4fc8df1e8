"""Whatever a server sends, the position a client resumes from is the largest seq it was told of in that epoch."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from services.cli.conversation import Conversation
from shared.positions import Position

SEQS = st.integers(1, 50)
STEPS = st.lists(st.tuples(st.sampled_from(["event", "position", "registered", "resync"]), SEQS), max_size=40)


def message(message_type: str, **data: Any) -> str:
    return msgspec.json.encode({"message_type": message_type, "data": data}).decode()


def step(kind: str, seq: int, epoch: str) -> str:
    match kind:
        case "event":
            return message(
                "realtime_event", event_type="INSERT", table="t", id="1", timestamp="t", channel="c", seq=seq, data=None
            )
        case "position":
            return message("position", epoch=epoch, seq=seq)
        case "resync":
            return message("resync", reason="position_expired", epoch=epoch, seq=seq)
    return message("registered", client_id="c", gateway="g", epoch=epoch, seq=seq, resumed=True)


@given(STEPS)
def test_the_position_is_the_largest_seq_told_of(steps: list[tuple[str, int]]) -> None:
    conversation = Conversation("test")
    conversation.receive(message("registered", client_id="c", gateway="g", epoch="e", seq=0, resumed=False))
    told = 0
    for kind, seq in steps:
        ordered = told + seq if kind in {"event", "position"} else max(told, seq)
        conversation.receive(step(kind, ordered, "e"))
        told = max(told, ordered)
        assert conversation.position == Position("e", told)


@given(STEPS, SEQS)
def test_another_epoch_starts_over(steps: list[tuple[str, int]], seq: int) -> None:
    conversation = Conversation("test")
    conversation.receive(message("registered", client_id="c", gateway="g", epoch="e", seq=40, resumed=False))
    for kind, each in steps:
        conversation.receive(step(kind, each, "e"))
    conversation.receive(step("resync", seq, "f"))
    assert conversation.position == Position("f", seq)
