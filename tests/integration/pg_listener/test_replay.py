"""Missed events: from memory, from the log, or the word that they are gone."""

from __future__ import annotations

import asyncpg
import pytest

from shared.bus.messages import Failed, ReplayRequest
from tests.integration.pg_listener.bench import Bench, Reader

BOOKINGS = (
    "INSERT INTO bookings (destination_id, vehicle_license_plate, seats_booked, total_amount) "
    "SELECT 'd', 'v', n, 1 FROM generate_series(1, $1::int) n"
)


async def _with_events(bench: Bench, url: str, count: int, **settings: object) -> Reader:
    """Return a reader of a listener that has published so many events."""
    listener, line = await bench.listener(url, **settings)
    bench.listeners.append(listener)
    reader = await bench.reader(line)
    await reader.until_leading()
    connection = await asyncpg.connect(url)
    await connection.execute(BOOKINGS, count)
    await connection.close()
    await reader.until_events(count)
    return reader


def _epoch(reader: Reader) -> str:
    (line,) = reader.subscriber.lines
    return reader.batches[line][0].epoch


async def test_from_memory_and_from_the_log_the_events_are_the_same(bench: Bench, station_database_url: str) -> None:
    reader = await _with_events(bench, station_database_url, 100, replay_ring_max_events=20, batch_max_events=10)
    epoch = _epoch(reader)
    from_memory = await reader.replay(epoch, 85)
    from_log = await reader.replay(epoch, 0)
    assert from_memory.events == reader.events()[85:]
    assert from_log.events == reader.events()
    assert (from_memory.top_seq, from_log.top_seq) == (100, 100)
    metrics = bench.listeners[0].metrics
    assert metrics.replays.labels("memory")._value.get() == 1
    assert metrics.replays.labels("log")._value.get() == 1


async def test_a_long_way_is_walked_in_bounded_steps(bench: Bench, station_database_url: str) -> None:
    reader = await _with_events(bench, station_database_url, 100, replay_ring_max_events=20, replay_max_events=30)
    position, walked = 0, []
    while position < 100:
        reply = await reader.replay(_epoch(reader), position)
        assert 0 < len(reply.events) <= 30
        walked += reply.events
        position = walked[-1].seq
    assert walked == reader.events()


async def test_what_the_log_dropped_is_expired(bench: Bench, station_database_url: str) -> None:
    reader = await _with_events(bench, station_database_url, 100, replay_ring_max_events=20)
    connection = await asyncpg.connect(station_database_url)
    await connection.execute("DELETE FROM wasla.event_log WHERE seq <= 50")
    await connection.close()
    expired = await reader.replay(_epoch(reader), 40)
    assert (expired.expired, expired.events, expired.top_seq) == (True, [], 100)
    kept = await reader.replay(_epoch(reader), 50)
    assert (kept.expired, len(kept.events)) == (False, 50)


@pytest.mark.parametrize("after_seq", [0, 5, 100, 100_000])
async def test_another_epoch_gets_the_one_in_force(bench: Bench, station_database_url: str, after_seq: int) -> None:
    reader = await _with_events(bench, station_database_url, 10)
    reply = await reader.replay("another", after_seq)
    assert (reply.epoch, reply.events, reply.expired, reply.top_seq) == (_epoch(reader), [], False, 10)


async def test_a_restarted_listener_answers_from_the_log(bench: Bench, station_database_url: str) -> None:
    async with bench.running(station_database_url) as (_, line):
        reader = await bench.reader(line)
        await reader.until_leading()
        connection = await asyncpg.connect(station_database_url)
        await connection.execute(BOOKINGS, 10)
        await connection.close()
        before = await reader.until_events(10)
    _, line = await bench.listener(station_database_url)
    again = await bench.reader(line)
    await again.until(lambda: again.beats[line].top_seq == 10)
    assert (await again.replay(again.beats[line].epoch, 0)).events == before


async def test_without_a_database_the_answer_is_a_sentence(bench: Bench, short_directory: object) -> None:
    _, line = await bench.listener(f"postgresql:///none?host={short_directory}")
    reader = await bench.reader(line)
    reply = await reader.request(lambda n: ReplayRequest(n, "e1", 0, 10, 10_000))
    assert isinstance(reply, Failed)
    assert "not reached" in reply.reason
    assert not reader.beats[line].database_up
