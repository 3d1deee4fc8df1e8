"""A position is found in the stream, whatever the sizes of the stored messages."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from shared.bus.jetstream.connection import Access, Connection
from shared.bus.jetstream.limits import StreamLimits
from shared.bus.jetstream.reading import StreamReader
from shared.bus.jetstream.stream import Stream
from shared.bus.jetstream.subjects import STRETCH, Subjects
from shared.bus.messages import Batch
from shared.events import Event
from tests.nats_servers import NatsServer, nats_server

TOP = 4 * STRETCH


@pytest.fixture(scope="module")
def server() -> Iterator[NatsServer]:
    with nats_server() as made:
        yield made


@asynccontextmanager
async def opened(server: NatsServer, prefix: str) -> AsyncIterator[tuple[Stream, StreamReader]]:
    """Both sides of one stream."""
    subjects = Subjects(prefix)
    inbox = subjects.inbox("r")
    connection = Connection(Access([server.url]), name="r", inbox=f"{inbox}.a")
    reader = StreamReader(connection, subjects, f"{inbox}.s")
    connection.hear(f"{inbox}.s.>", reader.heard)
    await asyncio.wait_for(connection.up.wait(), 60)
    yield Stream(connection, subjects, StreamLimits(max_bytes=64 * 1024**2)), reader
    await connection.close()


async def fill(stream: Stream, bounds: list[int], epoch: str = "e", *, left_out: int = 0) -> None:
    """Store one batch from each bound to the next."""
    tail = await stream.tail()
    for after, last in itertools.pairwise(bounds):
        events = [Event(seq, "INSERT", "t", "c", None, 1.0, b"x" * 40) for seq in range(after + 1, last + 1)]
        if last != left_out:
            tail = await stream.append(Batch(epoch, after, events, 1.0, 1.0), tail)


SHAPES = {
    "single": list(range(STRETCH + 40)),
    "largest": list(range(0, TOP + 1, STRETCH)),
    "across": list(range(0, TOP + 1, 499)),
    "mixed": sorted({0, TOP, *random.Random(7).sample(range(TOP), 60), *range(700, 760)}),
}


def divided(bounds: list[int]) -> list[int]:
    """Return the bounds with more between them where a message would hold more than it may."""
    found = [bounds[0]]
    for bound in bounds[1:]:
        while bound - found[-1] > STRETCH:
            found.append(found[-1] + STRETCH)
        found.append(bound)
    return found


@pytest.mark.parametrize("shape", SHAPES)
async def test_every_position_is_found(server: NatsServer, shape: str) -> None:
    bounds = divided(SHAPES[shape])
    top = bounds[-1]
    asked = {0, 1, top - 1, STRETCH - 1, STRETCH, STRETCH + 1, *random.Random(3).sample(range(top), 30)}
    async with opened(server, shape) as (stream, reader):
        await fill(stream, bounds)
        for position in sorted(asked):
            found = await reader.after("e", position, 100, 1_000_000)
            seqs = [event.seq for event in found]
            assert seqs == list(range(position + 1, position + 1 + len(seqs)))
            assert 0 < len(seqs) <= 100
        assert await reader.after("e", top, 100, 1_000_000) == []
        assert await reader.after("other", 5, 100, 1_000_000) == []


async def test_what_was_left_out_is_not_there_and_ends_what_comes_before_it(server: NatsServer) -> None:
    async with opened(server, "gap") as (stream, reader):
        await fill(stream, [0, 3, 4, 9], left_out=4)
        assert [event.seq for event in await reader.after("e", 1, 100, 1_000_000)] == [2, 3]
        assert await reader.after("e", 3, 100, 1_000_000) == []
        assert [event.seq for event in await reader.after("e", 4, 100, 1_000_000)] == [5, 6, 7, 8, 9]


async def test_another_epoch_behind_it_is_not_mixed_in(server: NatsServer) -> None:
    async with opened(server, "epochs") as (stream, reader):
        await fill(stream, [0, 3])
        await fill(stream, [3, 9], "f")
        assert [event.seq for event in await reader.after("e", 1, 100, 1_000_000)] == [2, 3]
        assert [event.seq for event in await reader.after("f", 3, 100, 1_000_000)] == [4, 5, 6, 7, 8, 9]
        last = await reader.last()
        assert last is not None
        assert (last.batch.epoch, last.last_seq) == ("f", 9)


async def test_where_there_is_no_stream_nothing_is_found(server: NatsServer) -> None:
    async with opened(server, "nothing") as (_, reader):
        assert await reader.last() is None
