"""The oracle's short run: every kind of fault, where writers ring and where they may prepare transactions."""

from __future__ import annotations

import os

import pytest

from tests.databases import fresh_database
from tests.oracle.faults import FAULTS
from tests.oracle.fleet import running_fleet
from tests.oracle.run import Run, Shape, prepare
from tests.servers import temporary_server

SEED = int(os.environ.get("WASLA_TEST_ORACLE_SEED", "2026"))


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("version", "two_phase"), [(18, False), (15, True)], ids=["pg18", "pg15-two-phase"])
async def test_nothing_is_lost_twice_or_out_of_order_whatever_fails(version: int, two_phase: bool) -> None:
    with temporary_server(version, max_prepared_transactions="20" if two_phase else "0") as server:
        async with fresh_database(server, "installed") as url:
            await prepare(url)
            database = url.partition("@/")[2].partition("?")[0]
            async with running_fleet(server, database) as fleet:
                shape = Shape(SEED, rounds=1, faults=len(FAULTS), events=2000, clients=8, two_phase=two_phase)
                found = await Run(fleet, shape).rounds()
    assert set(found.faults) == set(FAULTS)
    shown = {
        "a gateway was killed under clients, which resumed": len(found.resumed),
        "messages were lost on the bus": found.lost_on_bus,
        "a partition of the log was dropped": found.dropped_partitions,
        "somebody came back too late for the log": found.resyncs["position_expired"],
        "changes could not be captured": found.resyncs["capture_failed"],
        "transactions were rolled back": found.rolled_back,
        "events were delivered": found.deliveries,
    }
    assert [what for what, count in shown.items() if not count] == [], "what did not happen was not survived"
