"""Whoever attacks, two honest clients of the same gateway get every sale, once and in order.

Nothing is restarted, and nothing is logged as an error: strangers cannot fill a disk.

How long a sale takes is printed, not tested: `python -m tests.attacks` measures it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

import pytest

from tests.attacks.bus import FORGED
from tests.attacks.carrying_out import attackers, watched
from tests.attacks.catalogue import ATTACKS
from tests.attacks.ground import Ground, attacked_ground
from tests.attacks.table import row

pytestmark = pytest.mark.timeout(240)

SECONDS = 0.6
SALES = 20


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with attacked_ground(tmp_path_factory.mktemp("attacks")) as ground:
        yield ground


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPoolExecutor]:
    with attackers() as pool:
        yield pool


@pytest.mark.parametrize("name", ATTACKS)
async def test_nobody_else_notices(name: str, ground: Ground, pool: ProcessPoolExecutor) -> None:
    before, already_logged = ground.pids(), len(ground.fleet.log)
    outcome = await watched(ground, pool, ATTACKS[name], seconds=SECONDS, sales=SALES)
    sys.stdout.write(row(outcome))
    assert set(outcome.ends) <= outcome.attack.ends
    assert FORGED not in outcome.custom_events
    assert ground.pids() == before
    assert "[error" not in ground.fleet.log[already_logged:]
