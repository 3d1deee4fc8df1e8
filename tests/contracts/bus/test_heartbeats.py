"""Heartbeats over the real sockets."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import msgspec
import pytest
import zmq
from prometheus_client import CollectorRegistry, Counter

from shared.bus.contract import LineUnavailable
from shared.bus.heartbeats import HeartbeatReceiver, HeartbeatSender, beat_heart
from shared.errors import BusError, ConfigurationError
from shared.heartbeats import Heartbeat
from tests.contracts.bus.stories import PATIENCE

HEARTBEAT = Heartbeat(
    process="gateway:gateway-00",
    role="gateway",
    pid=42,
    machine="counter-1",
    state="serving",
    supervised=True,
    sent_at=1.5,
    loop_lag=0.002,
    metrics=b"# HELP x y\n",
)


@pytest.fixture
def address(socket_directory: Path) -> str:
    return f"ipc://{socket_directory}/monitor"


@pytest.fixture
async def receiver(address: str) -> AsyncIterator[HeartbeatReceiver]:
    receiver = HeartbeatReceiver(address)
    yield receiver
    await receiver.close()


async def sent(sender: HeartbeatSender, heartbeat: Heartbeat) -> None:
    """Send as soon as the monitor is connected."""
    async with asyncio.timeout(PATIENCE):
        while not sender.send(heartbeat):  # noqa: ASYNC110 - the sender tells nobody when it is connected
            await asyncio.sleep(0.005)


async def test_a_heartbeat_arrives_as_it_was(address: str, receiver: HeartbeatReceiver) -> None:
    with HeartbeatSender(address) as sender:
        await sent(sender, HEARTBEAT)
        assert await asyncio.wait_for(receiver.receive(), PATIENCE) == HEARTBEAT


async def test_without_a_monitor_nothing_waits_and_nothing_is_kept(address: str) -> None:
    with HeartbeatSender(address) as sender:
        for _ in range(1000):
            assert not sender.send(HEARTBEAT)
        receiver = HeartbeatReceiver(address)
        latest = msgspec.structs.replace(HEARTBEAT, state="draining")
        await sent(sender, latest)
        assert await asyncio.wait_for(receiver.receive(), PATIENCE) == latest
        await receiver.close()


async def test_a_monitor_that_does_not_read_holds_nobody(address: str, receiver: HeartbeatReceiver) -> None:
    with HeartbeatSender(address) as sender:
        await sent(sender, HEARTBEAT)
        large = msgspec.structs.replace(HEARTBEAT, metrics=b"x" * 100_000)
        assert not all(sender.send(large) for _ in range(5000))


async def test_the_monitor_may_restart(address: str) -> None:
    with HeartbeatSender(address) as sender:
        for _ in range(3):
            receiver = HeartbeatReceiver(address)
            async with asyncio.timeout(PATIENCE):
                waiting = asyncio.ensure_future(receiver.receive())
                while not waiting.done():
                    sender.send(HEARTBEAT)
                    await asyncio.sleep(0.005)
            assert await waiting == HEARTBEAT
            await receiver.close()


async def test_the_monitor_is_found_after_a_stranger_answered_at_its_address(
    port_pair: int, stranger: Callable[[int], Awaitable[None]]
) -> None:
    """libzmq gives a connection up for good when the peer does not speak its protocol."""
    with HeartbeatSender(f"tcp://127.0.0.1:{port_pair}") as sender:
        await stranger(port_pair)
        receiver = HeartbeatReceiver(f"tcp://127.0.0.1:{port_pair}")
        waiting = asyncio.ensure_future(receiver.receive())
        while not waiting.done():  # the first may be lost with the stranger's link
            sender.send(HEARTBEAT)
            await asyncio.sleep(0.005)
        assert await waiting == HEARTBEAT
        await receiver.close()


async def test_malformed_heartbeats_are_counted_and_skipped(address: str, receiver: HeartbeatReceiver) -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    raw = context.socket(zmq.PUSH)
    raw.connect(address)
    for junk in (b"", b"\xc1", b"junk", msgspec.msgpack.encode({"process": 1})):
        raw.send(junk)
    raw.send_multipart([b"two", b"frames"])
    raw.send(msgspec.msgpack.encode(HEARTBEAT))
    assert await asyncio.wait_for(receiver.receive(), PATIENCE) == HEARTBEAT
    assert receiver.malformed == 5
    raw.close(0)
    context.term()


async def test_closing_ends_the_wait(address: str) -> None:
    receiver = HeartbeatReceiver(address)
    waiting = asyncio.ensure_future(receiver.receive())
    await asyncio.sleep(0)
    await receiver.close()
    await receiver.close()
    with pytest.raises(LineUnavailable, match="closed"):
        await waiting


async def test_closing_the_sender_is_final_and_harmless(address: str) -> None:
    sender = HeartbeatSender(address)
    sender.close()
    sender.close()
    assert not sender.send(HEARTBEAT)


async def test_a_second_monitor_is_refused(address: str, receiver: HeartbeatReceiver) -> None:
    with pytest.raises(BusError, match="is taken by another process"):
        HeartbeatReceiver(address)


async def test_heartbeats_are_collected_on_this_machine_only() -> None:
    with pytest.raises(ConfigurationError, match="expected an address on this machine"):
        HeartbeatReceiver("tcp://0.0.0.0:8769")


async def test_the_heart_beats_with_state_metrics_and_the_loops_lag(
    address: str, receiver: HeartbeatReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUPERVISOR_ENABLED", "1")
    registry = CollectorRegistry()
    Counter("seen", "What was seen.", registry=registry).inc(3)
    state = "starting"
    with HeartbeatSender(address) as sender:
        heart = beat_heart(sender, process="a:b", role="gateway", state=lambda: state, registry=registry, interval=0.1)
        beating = asyncio.ensure_future(heart)
        first = await asyncio.wait_for(receiver.receive(), PATIENCE)
        assert (first.process, first.role, first.pid) == ("a:b", "gateway", os.getpid())
        assert (first.state, first.supervised) == ("starting", True)
        assert b"seen_total 3.0" in first.metrics
        assert abs(time.time() - first.sent_at) < PATIENCE
        state = "serving"
        time.sleep(0.5)  # noqa: ASYNC251 - holding the loop is what the test is about
        async with asyncio.timeout(PATIENCE):
            # A heartbeat from before may wait here, and a busy machine may have held the loop before it, too.
            while (heartbeat := await receiver.receive()).state == "starting":
                pass
            while heartbeat.loop_lag < 0.3:
                heartbeat = await receiver.receive()
        assert heartbeat.state == "serving"
        beating.cancel()
        await asyncio.wait([beating])


async def test_a_state_that_raises_ends_the_heart(address: str) -> None:
    def state() -> str:
        raise RuntimeError("unknown state")

    with HeartbeatSender(address) as sender, pytest.raises(RuntimeError, match="unknown state"):
        await beat_heart(sender, process="x", role="monitor", state=state, registry=CollectorRegistry())
