"""A bus with a key: both ends must have it, a stranger gets nothing, and each end says so once."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterator

import pytest
import zmq
from structlog.testing import capture_logs

from shared.bus.codec import encode
from shared.bus.contract import LineUnavailable
from shared.bus.curve import connect_with
from shared.bus.handshakes import PATIENCE
from shared.bus.keys import BusKey
from shared.bus.messages import CatalogRequest, Done, Hello, RosterQuery
from shared.bus.zeromq import ZmqPublisher, ZmqSubscriber

DEADLINE = 60.0

OURS, OTHER = BusKey.of(secrets.token_bytes(32)), BusKey.of(secrets.token_bytes(32))

Strangers = Callable[[int], "zmq.Socket[bytes]"]


def no_key(socket: zmq.Socket[bytes]) -> None:
    """Speak plainly."""


def other_key(socket: zmq.Socket[bytes]) -> None:
    """Take the server for one that holds the stranger's key."""
    connect_with(socket, OTHER)


def only_the_public_half(socket: zmq.Socket[bytes]) -> None:
    """Know the server, and present a key of one's own: what the server alone can refuse."""
    connect_with(socket, OTHER)
    socket.set(zmq.CURVE_SERVERKEY, OURS.public)


@pytest.fixture
def strangers(port_pair: int) -> Iterator[Strangers]:
    """Makes sockets of no process of ours."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    made: list[zmq.Socket[bytes]] = []

    def make(kind: int) -> zmq.Socket[bytes]:
        made.append(context.socket(kind))
        return made[-1]

    yield make
    context.destroy(linger=0)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE):
        while not condition():  # noqa: ASYNC110 - what counts is counted by libzmq's thread
            await asyncio.sleep(0.005)


async def answer_everything(publisher: ZmqPublisher, heard: list[object]) -> None:
    while True:
        peer, asked = await publisher.receive()
        heard.append(asked)
        if isinstance(asked, CatalogRequest):
            publisher.reply(peer, Done(asked.request_id))


@pytest.mark.parametrize("present", [no_key, other_key, only_the_public_half])
async def test_a_stranger_hears_nothing_and_is_not_heard(
    strangers: Strangers, port_pair: int, present: Callable[[zmq.Socket[bytes]], None]
) -> None:
    address = f"tcp://127.0.0.1:{port_pair}"
    ear, mouth = strangers(zmq.SUB), strangers(zmq.DEALER)
    ear.subscribe(b"")
    with capture_logs() as logs:
        publisher = ZmqPublisher(address, key=OURS)
        heard: list[object] = []
        answering = asyncio.ensure_future(answer_everything(publisher, heard))
        for each, port in ((ear, port_pair), (mouth, port_pair + 1)):
            present(each)
            each.connect(f"tcp://127.0.0.1:{port}")
        mouth.send(encode(Hello("stranger")))
        await until(lambda: publisher.guests.refused.total() >= 2)
        friend = ZmqSubscriber([address], identity=b"gateway", key=OURS)
        assert await friend.request(address, CatalogRequest(1), timeout=DEADLINE) == Done(1)
        published = asyncio.ensure_future(friend.receive())
        while not published.done():
            publisher.publish(RosterQuery("q"))
            await asyncio.sleep(0.005)
    assert heard == [CatalogRequest(1)]
    assert ear.poll(0) == mouth.poll(0, zmq.POLLIN) == 0
    reasons = [line["reason"] for line in logs]
    assert len(reasons) == len(set(reasons)), "it is said once, however often it knocks"
    answering.cancel()
    await friend.close()
    await publisher.close()


@pytest.mark.parametrize(
    ("listener", "gateway", "cause", "here", "there"),
    [
        (OURS, None, "key_on_one_side", "it has no bus key: copy the key file to its machine", "there is none here"),
        (None, OURS, "key_on_one_side", "it has a bus key and this process none", "it has another bus key or none"),
        (OURS, OTHER, "other_key", "it has another bus key: every machine needs", "it has another bus key or none"),
    ],
    ids=["listener alone", "gateway alone", "different keys"],
)
async def test_ends_that_do_not_agree_never_meet_and_both_say_why(
    port_pair: int, listener: BusKey | None, gateway: BusKey | None, cause: str, *, here: str, there: str
) -> None:
    address = f"tcp://127.0.0.1:{port_pair}"
    with capture_logs() as logs:
        publisher = ZmqPublisher(address, key=listener)
        subscriber = ZmqSubscriber([address], identity=b"gateway", key=gateway)
        with pytest.raises(LineUnavailable):
            await subscriber.request(address, CatalogRequest(1), timeout=0.2)
        await until(lambda: subscriber.hosts.refusals[address] > PATIENCE and publisher.guests.refused[cause] > 0)
    said = {line["event"]: line["reason"] for line in logs}
    assert len(logs) == 2
    assert here in said["peer refused"]
    assert there in said["listener refuses us"]
    await subscriber.close()
    await publisher.close()


async def test_a_line_heals_when_the_listener_gets_the_key(port_pair: int) -> None:
    address = f"tcp://127.0.0.1:{port_pair}"
    publisher = ZmqPublisher(address)
    with capture_logs() as logs:
        subscriber = ZmqSubscriber([address], identity=b"gateway", key=OURS)
        await until(lambda: subscriber.hosts.refusals[address] >= 2 * PATIENCE)
        await publisher.close()
        publisher = ZmqPublisher(address, key=OURS)
        answering = asyncio.ensure_future(answer_everything(publisher, []))
        assert await subscriber.request(address, CatalogRequest(1), timeout=DEADLINE) == Done(1)
        await until(lambda: logs[-1]["event"] == "listener lets us in")
    answering.cancel()
    await subscriber.close()
    await publisher.close()


async def test_ends_close_while_strangers_knock(strangers: Strangers, port_pair: int) -> None:
    publisher = ZmqPublisher(f"tcp://127.0.0.1:{port_pair}", key=OURS)
    knocking = [strangers(zmq.SUB) for _ in range(50)]
    for number, each in enumerate(knocking):
        (only_the_public_half if number % 2 else no_key)(each)
        each.connect(f"tcp://127.0.0.1:{port_pair}")
    await until(lambda: publisher.guests.refused.total() > 0)
    async with asyncio.timeout(DEADLINE):
        await publisher.close()
