"""What only the ZeroMQ bus promises: where it listens, what it refuses, and that it works on uvloop."""

from __future__ import annotations

import asyncio
import itertools
import signal
import socket
import stat
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest
import uvloop
import zmq

from shared.bus.codec import encode
from shared.bus.contract import Publisher, RequestTimeout, Subscriber
from shared.bus.keys import BusKey
from shared.bus.messages import Broadcast, CatalogRequest, Done, Hello, Recipient, RosterQuery, Sender
from shared.bus.zeromq import ZmqPublisher, ZmqSubscriber
from shared.errors import BusError, ConfigurationError
from tests.contracts.bus.stories import PATIENCE

LISTENER = """
import asyncio, sys
from shared.bus.messages import Done
from shared.bus.zeromq import ZmqPublisher

async def main():
    publisher = ZmqPublisher(sys.argv[1])
    while True:
        peer, asked = await publisher.receive()
        publisher.reply(peer, Done(asked.request_id))

asyncio.run(main())
"""
"""A listener in a process of its own, to be frozen."""

STALLING_GATEWAY = """
import asyncio, sys, time
from shared.bus.zeromq import ZmqSubscriber

async def main():
    subscriber = ZmqSubscriber([sys.argv[1]], identity=b"gateway", high_water_mark=200)
    for _ in range(2):
        time.sleep(6)
        for _ in range(500):
            await subscriber.receive()
    await subscriber.close()

asyncio.run(main())
"""
"""A gateway whose loop is held for longer than a heartbeat would wait; the time itself is what is tested."""


async def exchange(address: str) -> None:
    """Let two ends find each other at the address, by both of its endpoints."""
    publisher, subscriber = ZmqPublisher(address), ZmqSubscriber([address], identity=b"gateway")

    async def serve() -> None:
        while True:
            peer, asked = await publisher.receive()
            assert isinstance(asked, CatalogRequest)
            publisher.reply(peer, Done(asked.request_id))

    serving = asyncio.ensure_future(serve())
    try:
        for number in range(200):
            assert await subscriber.request(address, CatalogRequest(number), timeout=60) == Done(number)
        heard = asyncio.ensure_future(subscriber.receive())
        while not heard.done():
            publisher.publish(RosterQuery("q"))
            await asyncio.sleep(0.005)
        assert await heard == (address, RosterQuery("q"))
    finally:
        serving.cancel()
        await subscriber.close()
        await publisher.close()


def files(directory: Path) -> dict[str, int]:
    """Return what is in the directory, with its rights."""
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()}


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


async def test_the_ends_have_the_shape_of_the_contract(socket_directory: Path) -> None:
    address = f"ipc://{socket_directory}/bus"
    publisher: Publisher = ZmqPublisher(address)
    subscriber: Subscriber = ZmqSubscriber([address], identity=b"gateway")
    await subscriber.close()
    await publisher.close()


def test_it_works_on_uvloop(socket_directory: Path, port_pair: int) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(exchange(f"ipc://{socket_directory}/bus"))
        runner.run(exchange(f"tcp://127.0.0.1:{port_pair}"))


async def test_localhost_is_a_name_for_both_ends(port_pair: int) -> None:
    await exchange(f"tcp://localhost:{port_pair}")


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6 loopback")
async def test_it_speaks_ipv6(port_pair: int) -> None:
    await exchange(f"tcp://[::1]:{port_pair}")


async def test_addresses_may_come_as_one_text() -> None:
    subscriber = ZmqSubscriber("tcp://127.0.0.1:9, ipc:///tmp/x", identity=b"gateway")
    assert list(subscriber.lines) == ["tcp://127.0.0.1:9", "ipc:///tmp/x"]
    await subscriber.close()


async def test_queues_are_bounded_on_both_ends(socket_directory: Path) -> None:
    address = f"ipc://{socket_directory}/bus"
    publisher = ZmqPublisher(address, high_water_mark=17)
    subscriber = ZmqSubscriber([address], identity=b"gateway", high_water_mark=19)
    for end, mark in ((publisher, 17), (subscriber, 19)):
        bounded = [each for each in end._sockets._sockets if each.get(zmq.TYPE) != zmq.PAIR]
        assert len(bounded) == 2
        for each in bounded:
            assert (each.get(zmq.SNDHWM), each.get(zmq.RCVHWM)) == (mark, mark)
    await subscriber.close()
    await publisher.close()


@pytest.mark.parametrize("host", ["0.0.0.0", "*", "192.0.2.1", "[::]", "station.example"])
async def test_an_address_that_other_machines_reach_demands_a_key(host: str) -> None:
    with pytest.raises(ConfigurationError, match="expected a bus key"):
        ZmqPublisher(f"tcp://{host}:8767")
    with pytest.raises(ConfigurationError, match="expected a bus key"):
        ZmqSubscriber(["tcp://127.0.0.1:8767", f"tcp://{host}:8767"], identity=b"gateway")


@pytest.mark.parametrize("offset", [0, 1])
async def test_a_taken_port_is_named(port_pair: int, offset: int) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", port_pair + offset))
        other.listen()
        with pytest.raises(
            BusError, match=f"127.0.0.1:{port_pair + offset} .*is taken by another process; end that one"
        ):
            ZmqPublisher(f"tcp://127.0.0.1:{port_pair}")
    await exchange(f"tcp://127.0.0.1:{port_pair}")


async def test_a_living_listeners_socket_file_is_not_taken_away(socket_directory: Path) -> None:
    address = f"ipc://{socket_directory}/bus"
    publisher = ZmqPublisher(address)
    with pytest.raises(BusError, match="is taken by another process"):
        ZmqPublisher(address)
    assert files(socket_directory) == {"bus": 0o600, "bus.requests": 0o600}
    await publisher.close()


async def test_a_dead_listeners_socket_file_is_replaced(socket_directory: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(socket_directory / "bus"))
    await exchange(f"ipc://{socket_directory}/bus")


async def test_socket_files_are_for_this_user_only_and_are_removed(socket_directory: Path) -> None:
    publisher = ZmqPublisher(f"ipc://{socket_directory}/bus")
    assert files(socket_directory) == {"bus": 0o600, "bus.requests": 0o600}
    await publisher.close()
    assert files(socket_directory) == {}


async def test_a_missing_directory_is_said(socket_directory: Path) -> None:
    with pytest.raises(BusError, match="directory is missing; create it"):
        ZmqPublisher(f"ipc://{socket_directory}/absent/bus")


async def test_an_address_without_meaning_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="expected the address of a bus to connect to"):
        ZmqSubscriber(["tcp://*:8767"], identity=b"gateway", key=BusKey.of(bytes(32)))


async def test_messages_in_the_wrong_number_of_frames_are_counted(socket_directory: Path) -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    raw = context.socket(zmq.PUB)
    raw.bind(f"ipc://{socket_directory}/bus")
    subscriber = ZmqSubscriber([f"ipc://{socket_directory}/bus"], identity=b"gateway")
    heard = asyncio.ensure_future(subscriber.receive())
    while subscriber.malformed < 2:
        raw.send(b"wasla")
        raw.send_multipart([b"wasla", b"one", b"two"])
        await asyncio.sleep(0.005)
    assert not heard.done()
    heard.cancel()
    raw.close(0)
    await subscriber.close()
    context.term()


async def test_a_frozen_listener_answers_again_when_it_thaws(port_pair: int) -> None:
    address = f"tcp://127.0.0.1:{port_pair}"
    subscriber = ZmqSubscriber([address], identity=b"gateway")
    listener = await asyncio.create_subprocess_exec(sys.executable, "-c", LISTENER, address)
    try:
        assert await subscriber.request(address, CatalogRequest(0), timeout=60) == Done(0)
        listener.send_signal(signal.SIGSTOP)
        with pytest.raises(RequestTimeout):
            await subscriber.request(address, CatalogRequest(1), timeout=0.1)
        listener.send_signal(signal.SIGCONT)
        assert await subscriber.request(address, CatalogRequest(2), timeout=60) == Done(2)
    finally:
        listener.kill()
        await listener.wait()
        await subscriber.close()


async def test_a_line_heals_after_a_stranger_answered_at_its_address(
    port_pair: int, stranger: Callable[[int], Awaitable[None]]
) -> None:
    """libzmq gives a connection up for good when the peer does not speak its protocol."""
    address = f"tcp://127.0.0.1:{port_pair}"
    subscriber = ZmqSubscriber([address], identity=b"gateway")
    await stranger(port_pair + 1)
    publisher = ZmqPublisher(address)
    receiving = asyncio.ensure_future(publisher.receive())
    for number in itertools.count():
        with suppress(BusError):  # the first may be lost with the stranger's link
            await subscriber.request(address, CatalogRequest(number), timeout=0.1)
        if receiving.done():
            break
    assert isinstance(receiving.result()[1], CatalogRequest)
    await subscriber.close()
    await publisher.close()


async def test_a_gateway_that_stalls_under_flow_lives_on(socket_directory: Path) -> None:
    """With ZMTP heartbeats a full receive queue ends the process by an assertion of libzmq, after seconds."""
    address = f"ipc://{socket_directory}/bus"
    publisher = ZmqPublisher(address, high_water_mark=200)
    gateway = await asyncio.create_subprocess_exec(sys.executable, "-c", STALLING_GATEWAY, address)
    message = Broadcast("b", "e", b"x" * 200_000, Sender("a", "b"), Recipient())
    try:
        ended = asyncio.ensure_future(gateway.wait())
        async with asyncio.timeout(90):
            while not ended.done():
                publisher.publish(message)
                await asyncio.wait((ended,), timeout=0.005)
        assert ended.result() == 0
    finally:
        if gateway.returncode is None:
            gateway.kill()
            await gateway.wait()
        await publisher.close()


async def test_a_gateway_that_connects_again_takes_over_its_old_connection(socket_directory: Path) -> None:
    address = f"ipc://{socket_directory}/bus"
    publisher = ZmqPublisher(address)
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    old, new = context.socket(zmq.DEALER), context.socket(zmq.DEALER)
    for each, name in ((old, "old"), (new, "new")):
        each.set(zmq.ROUTING_ID, b"gateway")
        each.connect(f"{address}.requests")
        each.send(encode(Hello(name)))
        assert await asyncio.wait_for(publisher.receive(), PATIENCE) == (b"gateway", Hello(name))
    publisher.reply(b"gateway", Done(1))
    assert await asyncio.to_thread(new.poll, PATIENCE * 1000)
    assert new.recv() == encode(Done(1))
    context.destroy(linger=0)
    await publisher.close()
