"""When a roster is whole: every gateway that can be known of has answered, and there was time to know of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest

from services.pg_listener import gathering
from services.pg_listener.gathering import RosterDesk
from shared.bus.messages import RosterAnswer, RosterEntry, RosterQuery, RosterReply


@dataclass
class Bus:
    """In place of the publisher: the queries that went out, and the replies."""

    queries: list[Any] = field(default_factory=list)
    replies: list[Any] = field(default_factory=list)

    def publish(self, query: RosterQuery) -> None:
        self.queries.append(query)

    def reply(self, _peer: bytes, reply: RosterReply) -> None:
        self.replies.append(reply)


def answer_of(gateway: str, query: RosterQuery) -> RosterAnswer:
    return RosterAnswer(query.query_id, gateway, [RosterEntry(f"a client of {gateway}", "till", gateway, 1.0, 2.0)])


async def asked(bus: Bus) -> tuple[RosterDesk, asyncio.Task[None]]:
    """A desk that knows of one gateway and has asked for the roster."""
    desk = RosterDesk(bus)  # type: ignore[arg-type]
    desk.heard("g1")
    gathered = asyncio.create_task(desk.gather(b"peer", 1))
    await asyncio.sleep(0)
    return desk, gathered


async def test_all_that_are_known_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "ACQUAINTANCE", 0.0)
    monkeypatch.setattr(gathering, "TIMEOUT", 3600.0)
    bus = Bus()
    desk, gathered = await asked(bus)
    desk.answered(answer_of("g1", bus.queries[0]))
    await gathered
    assert [client.gateway for client in bus.replies[0].clients] == ["g1"]


async def test_a_desk_that_was_just_opened_waits_for_those_it_has_not_met(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "ACQUAINTANCE", 3600.0)
    monkeypatch.setattr(gathering, "TIMEOUT", 1.0)
    bus = Bus()
    desk, gathered = await asked(bus)
    desk.answered(answer_of("g1", bus.queries[0]))
    for _ in range(10):
        await asyncio.sleep(0)
    desk.answered(answer_of("g2", bus.queries[0]))
    await gathered
    assert {client.gateway for client in bus.replies[0].clients} == {"g1", "g2"}
