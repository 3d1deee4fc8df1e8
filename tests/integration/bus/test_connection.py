"""A connection is made again whatever ended it, and ends whenever it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from shared.bus.codec import encode
from shared.bus.contract import Standing
from shared.bus.jetstream import subscriber as subscribing
from shared.bus.jetstream.connection import MAX_WAITING_BYTES, Access, Connection, NotConnected
from shared.bus.jetstream.publisher import NatsPublisher
from shared.bus.jetstream.subjects import Subjects
from shared.bus.jetstream.subscriber import NatsSubscriber
from shared.bus.messages import Batch, Beat, CatalogRequest, RosterQuery
from shared.events import Event
from tests.nats_servers import NatsServer, nats_server
from tests.ports import free_ports


@pytest.fixture(scope="module")
def shared_server() -> Iterator[NatsServer]:
    with nats_server() as made:
        yield made


@pytest.fixture
def server() -> Iterator[NatsServer]:
    with nats_server() as made:
        yield made


def connection(*urls: str) -> Connection:
    return Connection(Access(urls), name="test", inbox="test.inbox")


async def up(made: Connection) -> None:
    await asyncio.wait_for(made.up.wait(), 60)


@pytest.mark.parametrize("turns", range(0, 40, 2))
async def test_it_ends_whatever_it_is_doing(shared_server: NatsServer, turns: int) -> None:
    """The client library swallows a cancellation that comes while it flushes."""
    made = connection(shared_server.url)
    await up(made)
    for number in range(100):
        made.send(f"test.{number}", b"x" * 1000)
    asking = asyncio.ensure_future(made.ask("test.nobody", b"", timeout=5))
    for _ in range(turns):
        await asyncio.sleep(0)
    async with asyncio.timeout(30):
        await made.close()
    asking.cancel()
    await asyncio.wait([asking])


async def test_it_goes_to_the_next_server_that_is_named(server: NatsServer) -> None:
    made = connection(f"nats://127.0.0.1:{free_ports(1)}", server.url)
    await up(made)
    assert made.server == server.url
    assert made.version >= (2, 11, 0)
    await made.close()


async def test_it_is_made_again_and_nothing_is_kept_for_it(server: NatsServer) -> None:
    heard: list[bytes] = []
    made = connection(server.url)
    made.hear("test.>", lambda _message, payload: heard.append(payload))
    await up(made)
    server.kill()
    async with asyncio.timeout(60):
        while made.up.is_set():  # noqa: ASYNC110 - a connection that ends has no event
            await asyncio.sleep(0.01)
    assert not made.send("test.a", b"meanwhile")
    with pytest.raises(NotConnected):
        await made.ask("test.a", b"meanwhile", timeout=1)
    server.start()
    await up(made)
    async with asyncio.timeout(60):
        while b"after" not in heard:
            made.send("test.a", b"after")
            await asyncio.sleep(0.01)
    assert set(heard) == {b"after"}
    await made.close()


async def test_a_long_message_arrives_whole(shared_server: NatsServer) -> None:
    heard: asyncio.Queue[bytes] = asyncio.Queue()
    made = connection(shared_server.url)
    made.hear("long.>", lambda _message, payload: heard.put_nowait(payload))
    await up(made)
    payload = bytes(range(256)) * 20_000
    assert made.send("long.a", payload)
    assert await asyncio.wait_for(heard.get(), 60) == payload
    await made.close()


async def test_what_waits_to_be_sent_is_bounded(shared_server: NatsServer) -> None:
    made = connection(shared_server.url)
    await up(made)
    taken = 0
    while made.send("flood.a", bytes(1_000_000)):
        taken += 1
    assert taken <= MAX_WAITING_BYTES / 1_000_000 + 1
    async with asyncio.timeout(60):
        while not made.send("flood.a", b""):  # noqa: ASYNC110 - there is room again once it is sent
            await asyncio.sleep(0.01)
    await made.close()


async def test_a_listener_that_is_gone_is_forgotten(shared_server: NatsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscribing, "FORGOTTEN_AFTER", 0.0)
    monkeypatch.setattr(subscribing, "LOOK_INTERVAL", 0.01)
    access, subjects = Access([shared_server.url]), Subjects("forget")
    publisher = NatsPublisher(access, "gone", subjects=subjects)
    subscriber = NatsSubscriber(access, identity=b"g", subjects=subjects, expected=["configured"])
    async with asyncio.timeout(60):
        while "gone" not in subscriber.lines:
            publisher.publish(RosterQuery("q"))
            await asyncio.sleep(0)
        await publisher.close()
        while "gone" in subscriber.lines:  # noqa: ASYNC110 - forgetting has no event
            await asyncio.sleep(0.01)
    assert subscriber.lines == ("configured",)
    await subscriber.close()


async def test_answers_go_nowhere_but_to_askers(shared_server: NatsServer) -> None:
    """Who may ask may not make a listener write into the stream, or speak as a listener."""
    access, subjects = Access([shared_server.url]), Subjects("forged")
    publisher = NatsPublisher(access, "l", subjects=subjects)
    await up(publisher.connection)
    asker = connection(shared_server.url)
    await up(asker)
    for number, reply in enumerate(("forged.events.zzz", "forged.lines.l", "forged.inboxes", "", "forged.inbox.me")):
        asker.send("forged.desk.l", encode(CatalogRequest(number)), reply=f"{reply}.{number}" if reply else "")
    peer, heard = await asyncio.wait_for(publisher.receive(), 60)
    assert (peer, heard) == (b"forged.inbox.me", CatalogRequest(4))
    assert publisher.malformed == 4
    await asker.close()
    await publisher.close()


async def test_a_listener_without_the_database_does_not_keep_the_stream_silent(
    shared_server: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscribing, "LOOK_INTERVAL", 0.3)
    access, subjects = Access([shared_server.url]), Subjects("unseeing")
    publisher = NatsPublisher(access, "l", subjects=subjects)
    publisher.publish(Batch("e", 0, [Event(1, "INSERT", "t", "c", None, 1.0, b"x")], 1.0, 1.0))
    subscriber = NatsSubscriber(access, identity=b"g", subjects=subjects)

    async def beat() -> None:
        while True:
            publisher.publish(Beat("l", False, "", 0, False, 0.0, 0, 0.0))
            await asyncio.sleep(0.05)

    beating = asyncio.ensure_future(beat())
    async with asyncio.timeout(60):
        while (await subscriber.receive())[1] != Standing("e", 1):
            pass
    beating.cancel()
    await subscriber.close()
    await publisher.close()
