"""A gateway stands still under a flood: what passes the marks is lost on the bus, noticed, and asked for again."""

from __future__ import annotations

import signal

import asyncpg

from tests.databases import fresh_database
from tests.faults.storm.arena import arena
from tests.faults.storm.swarm import Swarm
from tests.servers import Server, only_newest

MARKS = {
    "WASLA_BUS_HIGH_WATER_MARK": "4",
    "WASLA_RECEIVE_HIGH_WATER_MARK": "4",
    "WASLA_BATCH_MAX_EVENTS": "100",
}
FLOOD = 20_000
"""Rows of a kilobyte: far more than four batches on either side and the socket between them hold."""
WRITE_FLOOD = """
    INSERT INTO bookings (id, cancellation_reason) SELECT 'flood-' || n, repeat('x', 1000) FROM generate_series(1, $1) n
"""


@only_newest
async def test_what_was_dropped_past_the_marks_arrives_all_the_same(postgres_server: Server) -> None:
    async with fresh_database(postgres_server, "station") as url, arena(url, **MARKS) as ground:
        gateway = await ground.start_gateway()
        swarm = Swarm(ground.port)
        swarm.grow(3)
        await ground.until("everybody is in", swarm.everybody_is_in)
        gateway.send_signal(signal.SIGSTOP)
        writer = await asyncpg.connect(url)
        await writer.execute(WRITE_FLOOD, FLOOD)
        await writer.close()
        await ground.until(
            "all is published", lambda: ground.metric("wasla_events_published_total", ground.listener_pid) >= FLOOD
        )
        gateway.send_signal(signal.SIGCONT)
        await ground.until("the last event", lambda: swarm.everybody_has(FLOOD))
        await ground.heard_anew(gateway.pid)
        assert ground.metric("wasla_gaps_total", gateway.pid) >= 1, "expected a loss on the bus, or this shows nothing"
        assert swarm.wrong == {}
        assert swarm.found["resync"] == 0
        await swarm.close()
