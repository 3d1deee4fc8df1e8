"""A gateway whose event loop stands still ends by itself, and says where; its clients go on at its sibling.

How a loop is brought to a standstill from outside: where the client key would be, there is a FIFO that nobody writes
to, and the gateway is told to read its files again. A supervisor starts anew what ends; here nobody does.
"""

from __future__ import annotations

import os
import signal
import sys
import time

import pytest

from services.watchdog import EX_WEDGED
from tests.databases import fresh_database
from tests.faults.storm.arena import arena
from tests.faults.storm.commits import Commits
from tests.faults.storm.swarm import Swarm
from tests.servers import Server, only_newest

CLIENTS = 20


@only_newest
async def test_a_gateway_that_stands_still_ends_and_its_clients_resume(
    postgres_server: Server, capfd: pytest.CaptureFixture[str]
) -> None:
    async with fresh_database(postgres_server, "station") as url, arena(url) as ground:
        stuck = await ground.start_gateway()
        swarm, commits = Swarm(ground.port), Commits(url, rate=25)
        swarm.grow(CLIENTS)
        await ground.until("everybody is in", swarm.everybody_is_in)
        await ground.start_gateway()
        async with commits.going_on():
            await ground.until("events flow", lambda: swarm.everybody_has(10))
            os.mkfifo(ground.directory / "client.key", 0o600)
            stuck.send_signal(signal.SIGHUP)
            began_at = time.monotonic()
            await ground.until("the gateway has ended", lambda: stuck.poll() is not None)
            sys.stdout.write(f"it ended {time.monotonic() - began_at:.1f} s after it stood still\n")
            await ground.until("everybody has resumed", lambda: swarm.found["resumed"] >= CLIENTS)
        await ground.until("the last event", lambda: swarm.everybody_has(commits.top))
        await swarm.close()
    assert stuck.returncode == EX_WEDGED
    assert swarm.wrong == {}
    assert swarm.found["resync"] == swarm.found["not resumed"] == 0
    trace = capfd.readouterr().err
    assert "its event loop stood still for 2 s, at:" in trace
    assert "in read_private" in trace, "the trace says where"
