"""A gateway full of clients dies: all of them come to its siblings at once, and nobody else notices."""

from __future__ import annotations

import asyncio

from tests.databases import fresh_database
from tests.faults.storm.arena import Arena, arena
from tests.faults.storm.commits import Commits
from tests.faults.storm.swarm import Swarm, Swimmer
from tests.servers import Server, only_newest, temporary_server

CLIENTS = 500
READ_LOG = "FROM wasla.event_log WHERE seq > $1"
"""How the server's log shows a replay that was read from the database."""


async def stayers(ground: Arena, survivors: int) -> Swarm:
    """Connect clients until each surviving gateway has some, and keep those."""
    staying = Swarm(ground.port)
    doomed = f":{ground.gateways[0].pid}"
    gate = asyncio.Semaphore(1)
    while len({client.gateway for client in staying.clients}) < survivors:
        client = Swimmer(staying, keep_arrivals=True)
        staying.clients.append(client)
        await client.begin(gate)
        await ground.until("a client is registered", staying.everybody_is_in)
        if client.gateway.endswith(doomed):
            staying.clients.remove(client)
            client.leave()
    return staying


@only_newest
async def test_everybody_resumes_on_the_others_and_who_was_there_goes_on_receiving(postgres_server: Server) -> None:
    async with fresh_database(postgres_server, "station") as url, arena(url) as ground:
        doomed = await ground.start_gateway()
        swarm, commits = Swarm(ground.port), Commits(url, rate=25)
        swarm.grow(CLIENTS)
        await ground.until("everybody is in", swarm.everybody_is_in)
        survivors = [await ground.start_gateway(), await ground.start_gateway()]
        staying = await stayers(ground, len(survivors))
        async with commits.going_on():
            await ground.until("events flow", lambda: swarm.everybody_has(10))
            ground.kill(doomed)
            await ground.until("everybody is in again", lambda: swarm.found["resumed"] >= CLIENTS)
            await ground.until("everybody is in again", swarm.everybody_is_in)
        for group in (swarm, staying):
            await ground.until("the last event", lambda group=group: group.everybody_has(commits.top))  # type: ignore[misc]
        assert (swarm.wrong, staying.wrong) == ({}, {})
        assert swarm.found["resync"] == swarm.found["not resumed"] == 0
        assert staying.found == {}, "who was at another gateway was never disturbed"
        for client in staying.clients:
            assert list(client.arrivals or ()) == list(range(1, commits.top + 1))
        assert {client.gateway for client in swarm.clients} == {client.gateway for client in staying.clients}
        await swarm.close()
        await staying.close()


@only_newest
async def test_what_everybody_missed_is_read_from_the_database_a_few_times(postgres_version: int) -> None:
    """All come to a gateway without a memory, over a listener without one: only the log has what they missed."""
    with temporary_server(postgres_version, log_statement="all") as server:
        async with (
            fresh_database(server, "station") as url,
            arena(url, WASLA_REPLAY_RING_MAX_EVENTS="1") as ground,
        ):
            doomed = await ground.start_gateway()
            swarm, commits = Swarm(ground.port), Commits(url, rate=25)
            swarm.grow(CLIENTS)
            await ground.until("everybody is in", swarm.everybody_is_in)
            await commits.write_some(100)
            await ground.until("everybody has the first events", lambda: swarm.everybody_has(100))
            ground.kill(doomed)
            await commits.write_some(2500)
            reads_before = server.log.count(READ_LOG)
            await ground.start_gateway()
            await ground.until("the last event", lambda: swarm.everybody_has(commits.top))
            assert swarm.wrong == {}
            assert swarm.found["resumed"] >= CLIENTS
            assert swarm.found["resync"] == swarm.found["not resumed"] == 0
            assert 1 <= server.log.count(READ_LOG) - reads_before <= 20, "a handful, not one for each client"
            await swarm.close()
