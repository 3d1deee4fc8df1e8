"""Two listeners' lines: who is first, what is lost on which, and that a line is judged before it is needed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from services.gateway.service import Gateway
from shared.bus.heartbeats import HeartbeatReceiver
from shared.bus.messages import Batch, ReplayRequest
from tests.integration.gateway.conftest import ConnectClient, StartGateway, bus_address
from tests.integration.gateway.fake_listener import FakeListener, event, until

PATIENCE = 60.0


@pytest.fixture
async def standby(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[FakeListener]:
    """A second listener, which does not lead."""
    fake = FakeListener(bus_address(tmp_path_factory), leading=False)
    await fake.start()
    yield fake
    await fake.stop()


@pytest.fixture
async def gateway(listener: FakeListener, standby: FakeListener, start_gateway: StartGateway) -> Gateway:
    """A gateway that has heard both."""
    gateway = await start_gateway(bus_connect=f"{listener.bind},{standby.bind}")
    await until(lambda: len(gateway.intake.lines) == 2)
    await until(lambda: len(listener.gateways) == len(standby.gateways) == 1)
    return gateway


def figure(gateway: Gateway, name: str, line: FakeListener, **labels: str) -> float | None:
    return gateway.registry.get_sample_value(f"wasla_line_{name}", {"line": line.bind, **labels})


def is_in(gateway: Gateway, line: FakeListener, state: str) -> bool:
    return figure(gateway, "state", line, state=state) == 1


async def test_it_is_counted_who_was_first(
    listener: FakeListener, standby: FakeListener, gateway: Gateway, client_of: ConnectClient
) -> None:
    client = await client_of(gateway)
    await client.register()
    listener.insert(3)
    await client.events(3)
    standby.insert(5)
    await client.events(2)
    listener.insert(2)
    await until(lambda: figure(gateway, "duplicates_total", listener) == 2)
    assert [figure(gateway, "first_total", line) for line in (listener, standby)] == [3, 2]
    assert [figure(gateway, "duplicates_total", line) for line in (listener, standby)] == [2, 3]
    assert [figure(gateway, "missed_total", line) for line in (listener, standby)] == [0, 0]


async def test_losses_on_a_line_that_nobody_needs_are_seen(
    listener: FakeListener, standby: FakeListener, gateway: Gateway, client_of: ConnectClient
) -> None:
    """The stream has no gap, no client notices anything: the line is judged all the same."""
    client = await client_of(gateway)
    await client.register()
    listener.insert(4)
    standby.insert(4, lose=True)
    assert await client.events(4) == [1, 2, 3, 4]
    await until(lambda: is_in(gateway, standby, "losing"), timeout=PATIENCE)
    assert figure(gateway, "missed_total", standby) == 4
    assert is_in(gateway, listener, "good")


async def test_a_standby_that_lost_its_database_is_known_before_it_is_needed(
    listener: FakeListener, standby: FakeListener, gateway: Gateway, client_of: ConnectClient
) -> None:
    client = await client_of(gateway)
    await client.register()
    with capture_logs() as logs:
        standby.database_up = False
        await until(lambda: is_in(gateway, standby, "no_database"), timeout=PATIENCE)
        listener.insert(1)
        assert await client.events(1) == [1], "deliveries go on"
        await until(lambda: "line in trouble" in said(logs, standby))
        standby.database_up = True
        await until(lambda: is_in(gateway, standby, "good"), timeout=PATIENCE)
        await until(lambda: "line well again" in said(logs, standby))
    assert said(logs, standby) == ["line in trouble", "line well again"]
    assert said(logs, listener) == []


async def test_a_line_that_falls_silent_and_returns_is_told_once_each(
    listener: FakeListener, standby: FakeListener, gateway: Gateway
) -> None:
    with capture_logs() as logs:
        await standby.stop()
        await until(lambda: "line in trouble" in said(logs, standby), timeout=PATIENCE)
        assert is_in(gateway, standby, "silent")
        await standby.start()
        await until(lambda: "line well again" in said(logs, standby), timeout=PATIENCE)
    assert [entry["state"] for entry in logs if entry["event"] == "line in trouble"] == ["silent"]
    assert said(logs, listener) == []


async def test_a_standby_that_does_not_follow_is_behind(
    listener: FakeListener, standby: FakeListener, gateway: Gateway, client_of: ConnectClient
) -> None:
    client = await client_of(gateway)
    await client.register()
    listener.insert(7)
    await client.events(7)
    await until(lambda: is_in(gateway, standby, "behind"), timeout=PATIENCE)
    assert figure(gateway, "behind_events", standby) == 7
    standby.insert(7)
    await until(lambda: is_in(gateway, standby, "good"), timeout=PATIENCE)


async def test_a_listener_that_never_was_there_is_missed_and_said_in_the_heartbeat(
    listener: FakeListener, start_gateway: StartGateway, tmp_path_factory: pytest.TempPathFactory
) -> None:
    nowhere, monitor = bus_address(tmp_path_factory), bus_address(tmp_path_factory)
    receiver = HeartbeatReceiver(monitor)
    gateway = await start_gateway(bus_connect=f"{listener.bind},{nowhere}", heartbeat_address=monitor)
    remark = f"the listener at {nowhere} was never heard from"
    try:
        async with asyncio.timeout(PATIENCE):
            while remark not in (heartbeat := await receiver.receive()).remarks:
                pass
    finally:
        await receiver.close()
    assert heartbeat.process == gateway.process


async def test_replays_are_asked_for_in_bounded_pieces_one_at_a_time(
    listener: FakeListener, start_gateway: StartGateway, client_of: ConnectClient
) -> None:
    gateway = await start_gateway(replay_page_events=100, replay_page_bytes=10_000, replay_timeout=60)
    client = await client_of(gateway)
    await client.register()
    listener.insert(950, lose=True)
    assert await client.events(950) == list(range(1, 951))
    asked = [request for request in listener.asked if isinstance(request, ReplayRequest)]
    assert {(request.max_events, request.max_bytes) for request in asked} == {(100, 10_000)}
    assert [request.after_seq for request in asked] == sorted({request.after_seq for request in asked})
    assert len(asked) >= 10


async def test_what_one_line_lost_comes_by_the_other(
    listener: FakeListener, standby: FakeListener, gateway: Gateway, client_of: ConnectClient
) -> None:
    client = await client_of(gateway)
    await client.register()
    listener.insert(1, lose=True)
    listener.publish(event(2))
    standby.publisher.publish(Batch(standby.epoch, 0, [event(1)], 0.0, 0.0))
    assert await client.events(2) == [1, 2]


def said(logs: list[dict[str, object]], line: FakeListener) -> list[object]:
    """Return what was logged of one line."""
    return [entry["event"] for entry in logs if entry.get("line") == line.bind]
