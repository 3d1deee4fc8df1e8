"""No signal of a socket is lost, wherever something else takes it.

ZeroMQ signals a change once, and any operation on the socket may take the signal away. Each test brings a message at
the one moment where that hurts, and expects it to be read without another one having to come.
"""

from __future__ import annotations

import asyncio
import select
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import zmq

from shared.bus.addresses import parse_address
from shared.bus.codec import encode
from shared.bus.messages import CatalogRequest, Done, Hello
from shared.bus.zeromq import ZmqPublisher, ZmqSubscriber

PATIENCE = 60.0


@pytest.fixture
def address(socket_directory: Path) -> str:
    return f"ipc://{socket_directory}/bus"


@pytest.fixture
def raw() -> Iterator[Callable[[int], Any]]:
    """Makes sockets without anything around them."""
    context: zmq.Context[Any] = zmq.Context()
    sockets: list[Any] = []

    def make(kind: int) -> Any:
        sockets.append(context.socket(kind))
        return sockets[-1]

    yield make
    context.destroy(linger=0)


@pytest.fixture
async def subscriber(address: str) -> AsyncIterator[ZmqSubscriber]:
    subscriber = ZmqSubscriber([address], identity=b"gateway")
    yield subscriber
    await subscriber.close()


def router_at(raw: Callable[[int], Any], address: str) -> Any:
    router = raw(zmq.ROUTER)
    router.bind(parse_address(address).requests)
    return router


async def asked(router: Any) -> bytes:
    """Return who asked."""
    assert await asyncio.to_thread(router.poll, int(PATIENCE * 1000))
    peer: bytes = router.recv_multipart()[0]
    return peer


def signalled(socket: Any) -> None:
    """Wait, holding the loop, until the socket's signal stands and the next operation will look for it."""
    assert select.select([socket.get(zmq.FD)], [], [], PATIENCE)[0]
    time.sleep(0.02)  # ZeroMQ looks for signals while sending once in some 3 million ticks of the processor


async def test_an_answer_that_comes_while_answers_are_read(
    address: str, raw: Callable[[int], Any], subscriber: ZmqSubscriber
) -> None:
    router = router_at(raw, address)
    asking = asyncio.ensure_future(subscriber.request(address, CatalogRequest(1), timeout=PATIENCE))
    peer = await asked(router)
    desk = subscriber._desks[address]
    socket = desk._socket

    class Meanwhile:
        """The socket, to which the answer comes just before it is asked for its events."""

        def __init__(self) -> None:
            self.answered = False

        def get(self, option: int) -> Any:
            if option == zmq.EVENTS and not self.answered:
                self.answered = True
                descriptor = socket.get(zmq.FD)
                router.send_multipart([peer, encode(Done(1))])
                assert select.select([descriptor], [], [], PATIENCE)[0]
            return socket.get(option)

        def __getattr__(self, name: str) -> Any:
            return getattr(socket, name)

    desk._socket = Meanwhile()  # type: ignore[assignment]
    desk._read()
    desk._socket = socket
    assert await asking == Done(1)


async def test_an_answer_whose_signal_is_taken_by_sending(
    address: str, raw: Callable[[int], Any], subscriber: ZmqSubscriber
) -> None:
    router = router_at(raw, address)
    asking = asyncio.ensure_future(subscriber.request(address, CatalogRequest(1), timeout=PATIENCE))
    peer = await asked(router)
    router.send_multipart([peer, encode(Done(1))])
    signalled(subscriber._desks[address]._socket)
    subscriber.notify(address, Hello("gateway-1"))
    assert await asking == Done(1)


async def test_a_request_whose_signal_is_taken_by_replying(address: str, raw: Callable[[int], Any]) -> None:
    publisher = ZmqPublisher(address)
    dealer = raw(zmq.DEALER)
    dealer.connect(parse_address(address).requests)
    dealer.send(encode(Hello("first")))
    assert (await asyncio.wait_for(publisher.receive(), PATIENCE))[1] == Hello("first")
    receiving = asyncio.ensure_future(publisher.receive())
    await asyncio.sleep(0.02)
    dealer.send(encode(Hello("second")))
    signalled(publisher._router)
    publisher.reply(b"nobody", Done(1))
    assert (await asyncio.wait_for(receiving, PATIENCE))[1] == Hello("second")
    await publisher.close()
