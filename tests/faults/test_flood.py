"""A large statement: nobody waits for it, before its commit or after, and the processes do not grow with it."""

from __future__ import annotations

import re
from pathlib import Path

import asyncpg

from tests.databases import fresh_database
from tests.faults.storm.arena import arena
from tests.faults.storm.commits import Commits
from tests.faults.storm.swarm import Swarm
from tests.servers import Server, only_newest

MIB = 2**20
FLOOD = 60_000
"""Rows of a kilobyte: more than the memory of recent events holds, in a listener and in a gateway."""
ROOM = 80 * MIB
"""What either process may grow by, however large the statement is: 50 MiB were seen, with twice the rows, too."""
WRITE_FLOOD = """
    INSERT INTO bookings (id, cancellation_reason) SELECT 'flood-' || n, repeat('x', 1000) FROM generate_series(1, $1) n
"""
SALES = 20


def peak_memory(pid: int) -> int:
    """Return the highest resident memory of a process so far, in bytes."""
    found = re.search(r"^VmHWM:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(encoding="ascii"), re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024


@only_newest
async def test_others_sell_meanwhile_and_it_arrives_in_order_within_bounded_memory(postgres_server: Server) -> None:
    async with fresh_database(postgres_server, "station") as url, arena(url) as ground:
        gateway = await ground.start_gateway()
        swarm, commits = Swarm(ground.port), Commits(url, rate=25)
        swarm.grow(3)
        await ground.until("everybody is in", swarm.everybody_is_in)
        before = {pid: peak_memory(pid) for pid in (ground.listener_pid, gateway.pid)}
        flooding = await asyncpg.connect(url)
        async with flooding.transaction():
            await flooding.execute(WRITE_FLOOD, FLOOD)
            await commits.write_some(SALES)
            await ground.until("what was sold meanwhile", lambda: swarm.everybody_has(SALES))
        await commits.write_some(SALES)  # beside the delivery of the flood
        await ground.until("everything", lambda: swarm.everybody_has(FLOOD + 2 * SALES))
        await flooding.close()
        grown = {pid: peak_memory(pid) - before[pid] for pid in before}
        await swarm.close()
    assert swarm.wrong == {}
    assert swarm.found["resync"] == 0
    assert max(grown.values()) < ROOM, f"grown by {[bytes // MIB for bytes in grown.values()]} MiB"  # noqa: A001
