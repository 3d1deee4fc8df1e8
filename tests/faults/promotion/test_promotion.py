"""A replica that had not received everything is promoted: what it lacks is told, never mixed with what it makes new."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from tests.databases import fresh_database
from tests.faults.promotion.conftest import Stage, database_name, until_replayed
from tests.faults.promotion.screen import Screen, bookings, screens
from tests.servers import Server, only_newest, streaming_replica

BOOK = "INSERT INTO bookings (id, seats_booked) VALUES ($1, $2)"
CANCEL = "DELETE FROM bookings WHERE id = $1"


async def book(url: str, name: str, count: int) -> None:
    """Make bookings, one a transaction."""
    connection = await asyncpg.connect(url)
    for number in range(count):
        await connection.execute(BOOK, f"{name}-{number}", number)
    await connection.close()


async def cancel(url: str, *ids: str) -> None:
    connection = await asyncpg.connect(url)
    for booking in ids:
        await connection.execute(CANCEL, booking)
    await connection.close()


@asynccontextmanager
async def primary_with_replica(primary: Server) -> AsyncIterator[tuple[str, Server]]:
    """A station's database on a primary that has a replica: the URL over TCP, and the replica."""
    async with fresh_database(primary, "station") as url:
        name = database_name(url)
        with streaming_replica(primary) as replica:
            yield name, replica


def take_over(former: Server, replica: Server) -> None:
    """The replica, stopped before the primary's last commits, comes up at the address of the primary that died."""
    former.kill()
    replica.port = former.port
    replica.start()
    replica.promote()


def assert_told_before_anything_new(screen: Screen, former_epoch: str) -> None:
    """One resync stands between the two histories, and the stream goes on from what it said, without a hole."""
    (resync,) = screen.resyncs
    assert (resync["reason"], resync["tables"]) == ("epoch_changed", None)
    assert resync["epoch"] not in {"", former_epoch}
    kinds = [note.kind for note in screen.story if note.kind in ("resync", "realtime_event")]
    new = screen.seqs[kinds.index("resync") :]
    assert new == list(range(resync["seq"] + 1, resync["seq"] + 1 + len(new)))


async def test_everybody_is_told_and_shows_what_the_new_primary_has(stage: Stage, private_server: Server) -> None:
    async with primary_with_replica(private_server) as (name, replica):
        url = private_server.tcp_url(name)
        await stage.begin(url)
        async with screens([*stage.addresses, *stage.addresses], lambda: url) as shown:
            await book(url, "kept", 5)
            for screen in shown:
                await screen.until(lambda screen=screen: len(screen.seqs) == 5)  # type: ignore[misc]
            away_with_less = shown[2]
            await away_with_less.client.stop()
            await until_replayed(private_server, replica)
            replica.stop()
            await book(url, "lost", 20)
            staying = [screen for screen in shown if screen is not away_with_less]
            for screen in staying:
                await screen.until(lambda screen=screen: len(screen.seqs) == 25)  # type: ignore[misc]
            away_beyond = shown[3]
            await away_beyond.client.stop()
            epoch = away_beyond.epoch

            take_over(private_server, replica)
            for screen in shown[:2]:
                await screen.until(lambda screen=screen: screen.resyncs)  # type: ignore[misc]
            await book(url, "new", 8)
            await cancel(url, "kept-3")
            away_with_less.client.start()
            away_beyond.client.start()
            expected = await bookings(url)
            assert {"kept-0", "new-7"} <= expected.keys()
            assert not {"kept-3", "lost-0"} & expected.keys()
            for screen in shown:
                await screen.until_it_shows(expected)
                assert_told_before_anything_new(screen, epoch)
            assert len({screen.epoch for screen in shown}) == 1
            registered = [note.data for note in away_beyond.story if note.kind == "registered"]
            assert [answer["resumed"] for answer in registered[1:]] == [False]


@only_newest
async def test_a_url_of_several_hosts_finds_the_one_that_takes_writes(stage: Stage, private_server: Server) -> None:
    async with primary_with_replica(private_server) as (name, replica):
        await until_replayed(private_server, replica)
        hosts = f"127.0.0.1:{replica.port},127.0.0.1:{private_server.port}"
        url = f"postgresql://postgres:{replica.password}@{hosts}/{name}?target_session_attrs=read-write"
        await stage.begin(url, gateways=1)
        async with screens(stage.addresses, lambda: url) as (screen,):
            await book(url, "kept", 3)
            await screen.until(lambda: len(screen.seqs) == 3)
            epoch = screen.epoch
            await until_replayed(private_server, replica)
            private_server.kill()
            replica.promote()
            await screen.until(lambda: screen.resyncs)
            await book(url, "new", 3)
            await screen.until_it_shows(await bookings(url))
            assert_told_before_anything_new(screen, epoch)


@only_newest
async def test_two_replicas_promoted_one_after_the_other_are_two_epochs(stage: Stage, private_server: Server) -> None:
    """Neither heard of the other, so that PostgreSQL gives both the same timeline."""
    async with primary_with_replica(private_server) as (name, first):
        url = private_server.tcp_url(name)
        with streaming_replica(private_server) as second:
            await stage.begin(url)
            async with screens(stage.addresses, lambda: url) as shown:
                await book(url, "kept", 2)
                for screen in shown:
                    await screen.until(lambda screen=screen: len(screen.seqs) == 2)  # type: ignore[misc]
                for replica in (first, second):
                    await until_replayed(private_server, replica)
                    replica.stop()
                private_server.kill()
                former, epochs, timelines = shown[0].epoch, [], []
                for replica, new in ((first, 9), (second, 30)):
                    replica.port = private_server.port
                    replica.start()
                    replica.promote()
                    # A listener may look at the log before the epoch is drawn, and tell the former one for a moment.
                    for screen in shown if new == 9 else shown[:1]:
                        await screen.until(lambda screen=screen: screen.epoch not in {former, *epochs})  # type: ignore[misc]
                    await book(url, f"on-{new}", new)
                    expected = await bookings(url)
                    await shown[0].until_it_shows(expected)
                    epochs.append(shown[0].epoch)
                    timelines.append(await timeline(url))
                    if new == 9:
                        await shown[1].until_it_shows(expected)
                        await shown[1].client.stop()
                        replica.kill()
                # Its position is below the second one's top, on a timeline of the same number.
                shown[1].client.start()
                await shown[1].until_it_shows(expected)
                assert timelines == [2, 2]
                assert len(set(epochs)) == 2
                assert {item["reason"] for item in shown[1].resyncs} == {"epoch_changed"}
                assert len(shown[1].resyncs) >= 2


@only_newest
async def test_a_log_that_was_set_back_begins_an_epoch(stage: Stage, private_server: Server) -> None:
    """A copy of the server's files is put in its place: the same timeline, and seqs that are given again."""
    async with primary_with_replica(private_server) as (name, replica):
        url = private_server.tcp_url(name)
        await stage.begin(url)
        async with screens(stage.addresses, lambda: url) as shown:
            await book(url, "kept", 2)
            await until_replayed(private_server, replica)
            replica.stop()
            await book(url, "lost", 4)
            for screen in shown:
                await screen.until(lambda screen=screen: len(screen.seqs) == 6)  # type: ignore[misc]
            epoch = shown[0].epoch
            private_server.kill()
            (replica.directory / "data" / "standby.signal").unlink()
            replica.port = private_server.port
            replica.start()
            for screen in shown:
                await screen.until(lambda screen=screen: screen.resyncs)  # type: ignore[misc]
            await book(url, "new", 9)
            expected = await bookings(url)
            for screen in shown:
                await screen.until_it_shows(expected)
                assert_told_before_anything_new(screen, epoch)
            assert await timeline(url) == 1


async def timeline(url: str) -> int:
    connection = await asyncpg.connect(url)
    number: int = await connection.fetchval("SELECT timeline_id FROM pg_control_checkpoint()")
    name: str = await connection.fetchval("SELECT pg_walfile_name(pg_current_wal_insert_lsn())")
    await connection.close()
    return max(number, int(name[:8], 16))
