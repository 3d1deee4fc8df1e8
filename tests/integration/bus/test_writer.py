"""Who writes the stream, when, and from where: over a stream in memory, and two writers over a real one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import nats
import pytest

from shared.bus.codec import decode_published
from shared.bus.jetstream import writer as writing
from shared.bus.jetstream.backlog import Backlog
from shared.bus.jetstream.connection import Access, Connection
from shared.bus.jetstream.limits import StreamLimits
from shared.bus.jetstream.stream import NO_JETSTREAM, WRONG_LAST, Stream, StreamRefused, Tail, _read
from shared.bus.jetstream.subjects import Subjects
from shared.bus.jetstream.writer import StreamWriter
from shared.bus.messages import Batch, Beat
from shared.errors import BusError
from shared.events import Event
from tests.nats_servers import NatsServer, nats_server
from tests.ports import free_ports


def events(first: int, last: int, *, size: int = 10, captured_at: float = 1.0) -> list[Event]:
    return [Event(seq, "INSERT", "t", "c", None, captured_at, b"x" * size) for seq in range(first, last + 1)]


def batch(first: int, last: int, *, epoch: str = "e", size: int = 10) -> Batch:
    return Batch(epoch, first - 1, events(first, last, size=size), 1.0, 1.0)


def beat(top: int, *, leading: bool, epoch: str = "e") -> Beat:
    return Beat("l", leading, epoch, top, True, 0.0, 1, 0.0)


class Line:
    """A connection that is there."""

    max_payload = 10_000

    def __init__(self) -> None:
        self.up = asyncio.Event()
        self.up.set()


class Kept:
    """A stream in memory; ``looks`` counts looks at its end."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self.sequence = 0
        self.looks = 0
        self.looks_at_append: list[int] = []

    @property
    def seqs(self) -> list[int]:
        return [event.seq for each in self.batches for event in each.events]

    async def settle(self) -> None:
        """Nothing to configure."""

    async def tail(self) -> Tail:
        self.looks += 1
        if not self.batches:
            return Tail(self.sequence)
        last = self.batches[-1].events[-1]
        return Tail(self.sequence, self.batches[-1].epoch, last.seq, last)

    async def append(self, batch: Batch, tail: Tail) -> Tail:
        if tail.sequence != self.sequence:
            raise StreamRefused(WRONG_LAST, "wrong last sequence")
        self.sequence += 1
        self.batches.append(batch)
        self.looks_at_append.append(self.looks)
        return Tail(self.sequence, batch.epoch, batch.events[-1].seq)


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "LOOK_INTERVAL", 0.02)


@asynccontextmanager
async def running(kept: Any, line: Any = None) -> AsyncIterator[StreamWriter]:
    """Run a writer for the length of the block."""
    made = StreamWriter(line or Line(), kept, Backlog(100))  # type: ignore[arg-type]
    task = asyncio.ensure_future(made.run())
    try:
        yield made
    finally:
        task.cancel()
        await asyncio.wait([task])


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - the stream in memory has no event
            await asyncio.sleep(0.005)


def recalling(first: int, last: int) -> writing.Recall:
    """Return a memory of these events."""

    async def recall(_epoch: str, after_seq: int) -> Sequence[Event]:
        return [event for event in events(first, last) if event.seq > after_seq]

    return recall


async def test_the_leader_writes_at_once() -> None:
    kept = Kept()
    async with running(kept) as writer:
        writer.note(beat(3, leading=True))
        writer.offer(batch(1, 3))
        await until(lambda: kept.seqs == [1, 2, 3])
    assert kept.looks_at_append == [1]


async def test_a_standby_writes_only_where_the_stream_stays_behind() -> None:
    kept = Kept()
    async with running(kept) as writer:
        writer.note(beat(3, leading=False))
        writer.offer(batch(1, 3))
        await until(lambda: kept.seqs == [1, 2, 3])
    assert kept.looks_at_append[0] >= 2


async def test_a_standby_continues_no_other_history() -> None:
    kept = Kept()
    kept.batches, kept.sequence = [batch(1, 3, epoch="new")], 1
    async with running(kept) as writer:
        writer.note(beat(9, leading=False, epoch="old"))
        writer.offer(batch(1, 9, epoch="old"))
        await until(lambda: kept.looks > 5)
    assert [each.epoch for each in kept.batches] == ["new"]


async def test_a_standby_of_a_quiet_stream_leaves_the_leader_a_whole_interval() -> None:
    kept = Kept()
    kept.batches, kept.sequence = [batch(1, 3)], 1
    async with running(kept) as writer:
        writer.note(beat(3, leading=False))
        await until(lambda: kept.looks > 3)
        offered_at = kept.looks
        writer.offer(batch(4, 4))
        await until(lambda: kept.seqs == [1, 2, 3, 4])
    assert kept.looks_at_append[0] >= offered_at + 2


async def test_an_end_beyond_what_the_leader_knows_is_told_at_once_and_nothing_else_is() -> None:
    kept, told = Kept(), list[tuple[str, int | None]]()
    kept.batches, kept.sequence = [batch(1, 9)], 1

    async def overtaken(epoch: str, seq: int | None) -> None:
        told.append((epoch, seq))

    async with running(kept) as writer:
        writer.overtaken = overtaken
        writer.recall = recalling(1, 12)
        writer.note(beat(7, leading=False))
        await until(lambda: kept.looks > 3)
        assert not told, "a standby may be late"
        writer.note(beat(7, leading=True))
        await until(lambda: bool(told))
        assert told[0] == ("e", 9)
        writer.note(beat(9, leading=True))
        looks = kept.looks
        await until(lambda: kept.looks > looks + 2)
        told.clear()
        writer.offer(batch(10, 12))
        await until(lambda: kept.seqs == list(range(1, 13)))
        looks = kept.looks
        await until(lambda: kept.looks > looks + 2)
    assert not told


async def test_another_event_at_the_end_than_the_log_has_is_told() -> None:
    """The log was set back and has grown past the end before the leader looked."""
    kept, told = Kept(), list[tuple[str, int | None]]()
    kept.batches, kept.sequence = [Batch("e", 0, events(1, 9, captured_at=2.0), 1.0, 1.0)], 1

    async def overtaken(epoch: str, seq: int | None) -> None:
        told.append((epoch, seq))

    async with running(kept) as writer:
        writer.overtaken = overtaken
        writer.recall = recalling(1, 12)
        writer.note(beat(12, leading=True))
        await until(lambda: bool(told))
    assert told[0] == ("e", None)


async def test_two_leaders_of_different_histories_do_not_fill_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "MAKE_WAY_FIRST", 60.0)
    kept = Kept()
    async with running(kept) as first, running(kept) as second:
        for writer, epoch in ((first, "e"), (second, "f")):
            writer.recall = recalling(1, 9)
            writer.note(beat(9, leading=True, epoch=epoch))
        await until(lambda: len({each.epoch for each in kept.batches}) == 2)
        looks = kept.looks
        await until(lambda: kept.looks > looks + 20)
    assert len(kept.batches) <= 3


async def test_who_made_way_tries_again_and_a_new_epoch_is_written_at_once() -> None:
    kept = Kept()
    async with running(kept) as writer:
        writer._makes_way_for = 0.05
        writer.offer(batch(1, 3))
        await until(lambda: kept.seqs == [1, 2, 3])
        kept.batches.append(batch(1, 2, epoch="f"))
        kept.sequence += 1
        writer.recall = recalling(1, 3)
        await until(lambda: kept.batches[-1].epoch == "e")
        writer._makes_way_for = 60.0
        kept.batches.append(batch(1, 2, epoch="f"))
        kept.sequence += 1
        await until(lambda: writer._makes_way_until is not None)
        writer.offer(batch(1, 2, epoch="g"))
        await until(lambda: kept.batches[-1].epoch == "g")


async def test_an_end_that_is_lost_is_noticed_without_a_new_event_and_written_again() -> None:
    kept = Kept()
    async with running(kept) as writer:
        writer.recall = recalling(1, 9)
        writer.note(beat(9, leading=True))
        for last in (3, 6, 9):
            writer.offer(batch(last - 2, last))
            await until(lambda last=last: kept.seqs[-1:] == [last])  # type: ignore[misc]
        del kept.batches[1:]
        kept.sequence = 1
        await until(lambda: kept.seqs == list(range(1, 10)))


async def test_a_new_stream_is_given_the_last_events_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "REFILL_EVENTS", 4)
    kept = Kept()
    async with running(kept) as writer:
        writer.recall = recalling(1, 9)
        writer.note(beat(9, leading=True))
        await until(lambda: kept.seqs == [6, 7, 8, 9])


async def test_what_cannot_be_read_again_is_left_out() -> None:
    kept = Kept()
    async with running(kept) as writer:
        writer.note(beat(9, leading=True))
        writer.offer(batch(8, 9))
        await until(lambda: kept.seqs == [8, 9])


async def test_an_event_that_is_too_long_is_left_out_and_the_stream_goes_on() -> None:
    kept = Kept()
    async with running(kept) as writer:
        writer.offer(Batch("e", 0, [*events(1, 2), *events(3, 3, size=20_000), *events(4, 5)], 1.0, 1.0))
        await until(lambda: kept.seqs == [1, 2, 4, 5])
    assert kept.batches[-1].after_seq == 3


async def test_another_epoch_follows_the_one_before() -> None:
    kept = Kept()
    async with running(kept) as writer:
        writer.offer(batch(1, 5))
        await until(lambda: kept.seqs == [1, 2, 3, 4, 5])
        writer.offer(batch(1, 2, epoch="f"))
        await until(lambda: len(kept.seqs) == 7)
    assert [(each.epoch, each.after_seq) for each in kept.batches] == [("e", 0), ("f", 0)]


@pytest.fixture(scope="module")
def server() -> Iterator[NatsServer]:
    with nats_server() as made:
        yield made


async def test_whoever_writes_behind_another_end_is_refused(server: NatsServer) -> None:
    line = Connection(Access([server.url]), name="w", inbox="late.inbox.w")
    stream = Stream(line, Subjects("late"), StreamLimits(max_bytes=1024**2))
    await asyncio.wait_for(line.up.wait(), 60)
    tail = await stream.tail()
    assert await stream.append(batch(1, 4), tail) == Tail(1, "e", 4) == await stream.tail()
    with pytest.raises(StreamRefused) as refused:
        await stream.append(batch(1, 2), tail)
    assert refused.value.number == WRONG_LAST
    await line.close()


async def test_a_message_that_cannot_be_read_is_no_end(server: NatsServer) -> None:
    line = Connection(Access([server.url]), name="w", inbox="junk.inbox.w")
    stream = Stream(line, Subjects("junk"), StreamLimits(max_bytes=1024**2))
    await asyncio.wait_for(line.up.wait(), 60)
    await stream.append(batch(1, 4), await stream.tail())
    for junk in (b"\xff", b""):
        await line.ask("junk.events.zzz.0", junk, timeout=60)
    assert await stream.tail() == Tail(3, "e", 4)
    await line.close()


@pytest.mark.parametrize("answer", [b"{", b'"\xff"', b'{"a": "\xff"}', b"[" * 100_000])
def test_what_is_no_answer_is_told_as_such(answer: bytes) -> None:
    with pytest.raises(BusError, match="expected an answer of JetStream"):
        _read(answer)


async def test_servers_without_jetstream_are_told_as_such(tmp_path: Path) -> None:
    port = free_ports(1)
    server = NatsServer(tmp_path, port, more=f'listen: "127.0.0.1:{port}"', is_whole=True)
    server.start()
    try:
        line = Connection(Access([server.url]), name="w", inbox="without.inbox.w")
        await asyncio.wait_for(line.up.wait(), 60)
        with pytest.raises(BusError, match=f"^{NO_JETSTREAM}$"):
            await Stream(line, Subjects("without"), StreamLimits()).tail()
        await line.close()
    finally:
        server.stop()


async def test_of_two_writers_at_once_each_event_is_stored_once_and_in_order(server: NatsServer) -> None:
    subjects = Subjects("twice")
    lines = [Connection(Access([server.url]), name="w", inbox=f"twice.inbox.w{n}") for n in range(2)]
    streams = [Stream(line, subjects, StreamLimits(max_bytes=1024**2)) for line in lines]
    async with running(streams[0], lines[0]) as first, running(streams[1], lines[1]) as second:
        for step in range(200):
            first.offer(batch(6 * step + 1, 6 * step + 6))
            second.offer(batch(6 * step + 1, 6 * step + 2))
            second.offer(batch(6 * step + 3, 6 * step + 6))
            await asyncio.sleep(0.001)
        await until(lambda: first.behind == second.behind == 0)
        assert await stored(server, "TWICE") == list(range(1, 1201))
    for line in lines:
        await line.close()


async def stored(server: NatsServer, stream: str) -> list[int]:
    client = await nats.connect(server.url, connect_timeout=60)
    seqs: list[int] = []
    try:
        found = json.loads((await client.request(f"$JS.API.STREAM.INFO.{stream}", b"", timeout=60)).data)["state"]
        for number in range(found["first_seq"], found["last_seq"] + 1):
            question = json.dumps({"seq": number}).encode()
            message = await client.request(f"$JS.API.DIRECT.GET.{stream}", question, timeout=60)
            seqs += [event.seq for event in decode_published(message.data).events]  # type: ignore[union-attr]
    finally:
        await client.close()
    return seqs


async def test_a_stream_is_given_the_wanted_configuration_once(
    server: NatsServer, capsys: pytest.CaptureFixture[str]
) -> None:
    line = Connection(Access([server.url]), name="w", inbox="wanted.inbox.w")
    await asyncio.wait_for(line.up.wait(), 60)
    small, large = (Stream(line, Subjects("wanted"), StreamLimits(max_bytes=size)) for size in (10_000, 20_000))
    for stream in (small, small, large):
        await stream.settle()
    told = capsys.readouterr().out
    assert (told.count("stream made"), told.count("stream changed")) == (1, 1)
    client = await nats.connect(server.url, connect_timeout=60)
    found = json.loads((await client.request("$JS.API.STREAM.INFO.WANTED", b"", timeout=60)).data)["config"]
    await client.close()
    assert found["max_bytes"] == 20_000
    await line.close()
