"""The promise over NATS: what a client receives is the log, in order, once, whatever becomes of the server."""

from __future__ import annotations

import asyncio
import json
import shutil
from typing import Any

import nats

from shared.bus.codec import decode_published
from tests.faults.nats.fleet import PATIENCE, Fleet, Judge, until
from tests.nats_servers import NatsServer
from tests.servers import only_newest

pytestmark = only_newest


async def test_events_go_through_the_stream_to_every_gateway(fleet: Fleet) -> None:
    await fleet.lasting_listener()
    gateways = [await fleet.lasting_gateway() for _ in range(2)]
    judges = [await fleet.judge(gateway) for gateway in gateways]
    await fleet.write(50)
    await fleet.settled(judges)
    assert gateways[0].intake.arrivals["the stream"].first > 0


async def test_a_server_that_is_killed_comes_back_with_nothing_lost(fleet: Fleet, server: NatsServer) -> None:
    await fleet.lasting_listener()
    judge = await fleet.judge(await fleet.lasting_gateway())
    await fleet.write(5)
    await fleet.settled([judge])
    server.kill()
    await fleet.write(30)
    server.start()
    await fleet.write(5)
    await fleet.settled([judge])
    assert not judge.resyncs


async def test_without_a_listener_a_gateway_starts_and_resumes_out_of_the_stream(fleet: Fleet) -> None:
    async with fleet.listener() as listener:
        judge = await fleet.judge(await fleet.lasting_gateway())
        await fleet.write(40)
        top = await fleet.settled([judge])
        await until(lambda: listener.stream.behind == 0, "a stream that holds everything")
    async with fleet.gateway(ring_max_events=5) as gateway:
        known = (judge.registered["epoch"], top)
        await until(lambda: (gateway.intake.epoch, gateway.intake.top) == known, "a gateway that has joined the stream")
        late = await fleet.judge(gateway, resume=position(judge, top - 30))
        await until(lambda: late.top >= top, "everything out of the stream")
        late.holds(top)
        assert not late.resyncs


async def test_a_stream_that_is_deleted_is_made_again_and_filled(fleet: Fleet) -> None:
    listener = await fleet.lasting_listener()
    judge = await fleet.judge(await fleet.lasting_gateway())
    await fleet.write(20)
    await fleet.settled([judge])
    await ask(fleet, "$JS.API.STREAM.DELETE.WASLA")
    await fleet.write(20)
    top = await fleet.settled([judge])
    assert not judge.resyncs
    await until(lambda: listener.stream.behind == 0, "a stream that holds everything again")
    await until_stored(fleet, top)


async def test_a_stream_that_has_lost_its_end_is_given_it_again(fleet: Fleet, server: NatsServer) -> None:
    """As after a power loss: the server confirms what it has not yet written to the disk."""
    listener = await fleet.lasting_listener()
    judge = await fleet.judge(await fleet.lasting_gateway())
    await fleet.write(10)
    early = await fleet.settled([judge])
    await until(lambda: listener.stream.behind == 0, "a stream that holds everything")
    server.kill()
    shutil.copytree(server.directory / "store", server.directory / "early")
    server.start()
    await fleet.write(10)
    top = await fleet.settled([judge])
    await until(lambda: listener.stream.tail is not None and listener.stream.tail.seq == top, "a stream that holds all")
    server.kill()
    shutil.rmtree(server.directory / "store")
    shutil.move(server.directory / "early", server.directory / "store")
    server.start()
    await until_stored(fleet, top)
    late = await fleet.judge(await fleet.lasting_gateway(ring_max_events=2), resume=position(judge, early))
    await fleet.write(1)
    await fleet.settled([judge, late])
    assert not judge.resyncs + late.resyncs


async def test_what_a_small_stream_no_longer_holds_comes_from_the_log_or_is_told(fleet: Fleet) -> None:
    await fleet.lasting_listener(stream_max_bytes=4000, replay_ring_max_events=5)
    judge = await fleet.judge(await fleet.lasting_gateway())
    await fleet.write(60, text="x" * 300)
    top = await fleet.settled([judge])
    gateway = await fleet.lasting_gateway(ring_max_events=2)
    late = await fleet.judge(gateway, resume=position(judge, top - 50))
    await fleet.settled([late])
    assert not late.resyncs
    await fleet.connection.execute("DELETE FROM wasla.event_log WHERE seq <= $1", top - 20)
    later = await fleet.judge(await fleet.lasting_gateway(ring_max_events=2), resume=position(judge, top - 50))
    await fleet.settled([later])
    assert [told["reason"] for told in later.resyncs] == ["position_expired"]


async def test_an_event_longer_than_the_server_takes_reaches_clients_whole(fleet: Fleet) -> None:
    await fleet.lasting_listener()
    judge = await fleet.judge(await fleet.lasting_gateway())
    await fleet.write(3)
    await fleet.write(1, text="x" * 3_000_000)
    await fleet.write(3)
    await fleet.settled([judge])
    assert not judge.resyncs


async def test_a_stream_that_takes_nothing_leaves_events_to_the_listener(fleet: Fleet) -> None:
    """Its size is that of one message at most: a full disk looks the same from here."""
    await fleet.lasting_listener(stream_max_bytes=100)
    judge = await fleet.judge(await fleet.lasting_gateway())
    await fleet.write(10)
    await fleet.settled([judge])
    assert not judge.resyncs


async def test_of_two_listeners_events_are_stored_once_and_a_standby_takes_over(fleet: Fleet) -> None:
    async with fleet.listener() as leader:
        await until(lambda: leader.feed.leading, "a leader")
        standby = await fleet.lasting_listener()
        judge = await fleet.judge(await fleet.lasting_gateway())
        await fleet.write(30)
        top = await fleet.settled([judge])
        await until(lambda: leader.stream.behind == 0, "a stream that holds everything")
        assert leader.stream.appended == top - judge.registered["seq"]
        assert standby.stream.appended == 0
    await fleet.write(30)
    top = await fleet.settled([judge])
    await until(lambda: standby.stream.behind == 0, "a stream that holds everything")
    await until_stored(fleet, top)
    assert not judge.resyncs


def position(judge: Judge, seq: int) -> dict[str, Any]:
    """Return a position to resume from."""
    return {"epoch": judge.registered["epoch"], "seq": seq}


async def ask(fleet: Fleet, subject: str) -> dict[str, Any]:
    """Ask the server as an operator's tool does."""
    client = await nats.connect(fleet.bus)
    try:
        answer: dict[str, Any] = json.loads((await client.request(subject, b"", timeout=60)).data)
        return answer
    finally:
        await client.close()


async def until_stored(fleet: Fleet, top: int) -> None:
    """Wait until the stream holds every event up to *top*, once and in order."""
    async with asyncio.timeout(PATIENCE):
        while await stored(fleet) != list(range(1, top + 1)):  # noqa: ASYNC110 - the server has no event of ours
            await asyncio.sleep(0.1)


async def stored(fleet: Fleet) -> list[int]:
    """Return the seqs of every event in the stream, in its order."""
    client = await nats.connect(fleet.bus)
    seqs: list[int] = []
    try:
        last = json.loads((await client.request("$JS.API.STREAM.INFO.WASLA", b"", timeout=60)).data)["state"][
            "last_seq"
        ]
        for number in range(1, last + 1):
            question = json.dumps({"seq": number}).encode()
            found = await client.request("$JS.API.DIRECT.GET.WASLA", question, timeout=60)
            seqs += [event.seq for event in decode_published(found.data).events]
    finally:
        await client.close()
    return seqs
