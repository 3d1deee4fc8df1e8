"""A listener that follows the log while another one begins an epoch: no event travels under the wrong one."""

from __future__ import annotations

import asyncio

import asyncpg

from services.pg_listener.sessions import SEQUENCING
from services.pg_listener.settings import ListenerSettings
from services.pg_listener.standby import Standby
from shared.bus.messages import Batch, Published
from shared.queries import query
from tests.faults.promotion.conftest import Stage
from tests.integration.pg_listener.bench import AfterTheLook
from tests.servers import only_newest
from tests.supervised import DEADLINE

BOOK = "INSERT INTO bookings (id) VALUES ($1)"


@only_newest
async def test_a_standby_that_knows_what_is_gone_ends_the_epoch_of_a_leader_that_does_not(
    stage: Stage, station_database_url: str
) -> None:
    """The standby was the leader before, and the one who leads now had not heard its last events."""
    leader = await asyncpg.connect(station_database_url, server_settings=SEQUENCING)
    follower = await asyncpg.connect(station_database_url, server_settings=SEQUENCING)
    assert await leader.fetchval(query("try_lead"))
    await leader.execute(BOOK, "kept")
    await leader.fetch(query("sequence"), 10, 10_000, False, [], 10_000, False)
    listener = stage.bench.unstarted(station_database_url)
    standby = Standby(listener.feed, listener.signals, ListenerSettings())
    await standby.catch_up(follower)
    epoch, top = listener.feed.recent.epoch, listener.feed.recent.top_seq
    await leader.execute("UPDATE wasla.position SET seq = $1", top - 1)
    following = asyncio.create_task(standby.follow_until_leader(follower))
    async with asyncio.timeout(DEADLINE):
        while await leader.fetchval("SELECT epoch FROM wasla.position") == epoch:  # noqa: ASYNC110 - asked, not told
            await asyncio.sleep(0.01)
    following.cancel()
    await asyncio.wait([following])
    follower.terminate()
    await leader.close()


@only_newest
async def test_what_is_numbered_after_the_look_waits_for_the_next(stage: Stage, station_database_url: str) -> None:
    leader = await asyncpg.connect(station_database_url, server_settings=SEQUENCING)
    follower = await asyncpg.connect(station_database_url)

    async def number(booking: str) -> None:
        await follower.execute(BOOK, booking)
        await leader.fetch(query("sequence"), 10, 10_000, False, [], 10_000, False)

    async def begin_an_epoch() -> None:
        await leader.fetch(query("end_lost_epoch"), first, None)
        await number("third")

    assert await leader.fetchval(query("try_lead"))
    listener = stage.bench.unstarted(station_database_url)
    published: list[Published] = []
    listener.feed._publish = published.append
    standby = Standby(listener.feed, listener.signals, ListenerSettings())
    await number("first")
    await standby.catch_up(follower)
    first = listener.feed.recent.epoch
    await number("second")
    await standby.catch_up(AfterTheLook(follower, begin_an_epoch))
    await standby.catch_up(follower)
    await number("fourth")
    await standby.catch_up(follower)
    second = listener.feed.recent.epoch
    assert second != first
    batches = [(batch.epoch, [e.seq for e in batch.events]) for batch in published if isinstance(batch, Batch)]
    assert batches == [(first, [2]), (second, [4])]
    await leader.close()
    await follower.close()
