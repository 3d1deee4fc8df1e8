"""The relay's order and bounds, with a bus that answers when told to."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any, cast

from services.gateway.relay import Relay
from shared.bus.contract import RequestTimeout, Subscriber
from shared.bus.messages import Broadcast, Done, Recipient, RosterReply, Sender
from tests.integration.gateway.fake_listener import until


class HeldBus:
    """Keeps every request until the test answers it."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, asyncio.Future[Any]]] = []

    async def request(self, line: str, request: Any, *, timeout: float) -> Any:
        answer = asyncio.get_running_loop().create_future()
        self.asked.append((request, answer))
        return await answer

    @property
    def types(self) -> list[str]:
        return [request.broadcast.event_type for request, _ in self.asked]


def relay_over(bus: HeldBus, tasks: asyncio.TaskGroup, *, line: str | None = "a", max_pending: int = 10) -> Relay:
    return Relay(
        cast("Subscriber", bus),
        tasks,
        lambda: line,
        timeout=1.0,
        max_pending=max_pending,
        request_ids=itertools.count(1),
    )


def broadcast(event_type: str, sender: str) -> Broadcast:
    return Broadcast(event_type, event_type, b"{}", Sender(sender, "app"), Recipient())


async def test_a_senders_broadcasts_wait_for_one_another_and_for_nobody_else() -> None:
    bus, settled = HeldBus(), []
    async with asyncio.TaskGroup() as tasks:
        relay = relay_over(bus, tasks)
        for event_type, sender in (("a1", "a"), ("a2", "a"), ("b1", "b")):
            relay.publish(broadcast(event_type, sender), lambda done, name=event_type: settled.append((name, done)))
        await until(lambda: bus.types == ["a1", "b1"])
        bus.asked[0][1].set_exception(RequestTimeout("late"))
        await until(lambda: bus.types == ["a1", "b1", "a2"])
        bus.asked[2][1].set_result(Done(3))
        bus.asked[1][1].set_result(Done(2))
    assert sorted(settled) == [("a1", False), ("a2", True), ("b1", True)]
    assert bus.types == ["a1", "b1", "a2"], "what may have been carried out is not sent again"


async def test_requests_under_way_are_bounded() -> None:
    bus, settled = HeldBus(), []
    async with asyncio.TaskGroup() as tasks:
        relay = relay_over(bus, tasks, max_pending=1)
        relay.ask_roster(settled.append)
        relay.ask_roster(settled.append)
        relay.publish(broadcast("a", "a"), settled.append)
        assert settled == [None, False]
        await until(lambda: len(bus.asked) == 1)
        bus.asked[0][1].set_result(RosterReply(1, [], []))
    assert settled == [None, False, RosterReply(1, [], [])]


async def test_without_a_line_nothing_is_asked() -> None:
    bus, settled = HeldBus(), []
    async with asyncio.TaskGroup() as tasks:
        relay_over(bus, tasks, line=None).publish(broadcast("a", "a"), settled.append)
    assert (settled, bus.asked) == ([False], [])


async def test_stopping_forgets_what_is_under_way() -> None:
    bus, settled = HeldBus(), []
    async with asyncio.TaskGroup() as tasks:
        relay = relay_over(bus, tasks)
        relay.publish(broadcast("a", "a"), settled.append)
        await until(lambda: len(bus.asked) == 1)
        relay.stop()
    assert settled == []
