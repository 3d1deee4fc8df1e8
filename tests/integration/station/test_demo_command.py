"""``wasla demo`` where it may not, or cannot, play: it says so and changes nothing."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from services.cli.application import build
from services.cli.exits import Exit
from services.station.desk import Desk
from tests.integration.station.conftest import rows
from tests.servers import only_newest

NOBODY = "ws://127.0.0.1:9"


@pytest.fixture
def demo(monkeypatch: pytest.MonkeyPatch):
    """Run the command on a database; nothing is a terminal there."""

    def run(url: str, *words: str) -> Result:
        monkeypatch.setenv("WASLA_DATABASE_URL", url)
        return CliRunner().invoke(build(), ["demo", "--url", NOBODY, *words])

    monkeypatch.delenv("WASLA_STATION_DEMO", raising=False)
    return run


async def invoked(demo, *arguments: str) -> Result:
    return await asyncio.to_thread(demo, *arguments)


@only_newest
async def test_a_database_of_yours_is_written_to_on_request_only(demo, desk: Desk, station_database_url: str) -> None:
    refused = await invoked(demo, station_database_url)
    assert refused.exit_code == Exit.CONFIGURATION
    assert "say --yes if that is meant" in refused.stderr
    assert len(await rows(desk, "vehicle_queue")) == 3


@only_newest
@pytest.mark.parametrize("words", [("--yes",), ("--yes", "--json")])
async def test_without_a_gateway_nothing_is_played(
    demo, desk: Desk, station_database_url: str, words: tuple[str, ...]
) -> None:
    lonely = await invoked(demo, station_database_url, *words)
    assert lonely.exit_code == Exit.UNREACHABLE
    assert "no gateway answers" in lonely.stderr
    assert lonely.stdout == ""
    assert len(await rows(desk, "vehicle_queue")) == 3


@only_newest
async def test_without_the_tables_it_says_how_to_get_them(demo, installed_database_url: str) -> None:
    missing = await invoked(demo, installed_database_url, "--yes")
    assert missing.exit_code == Exit.FAILED
    assert "run wasla setup --station" in missing.stderr


@only_newest
async def test_one_at_a_time(demo, desk: Desk, station_database_url: str) -> None:
    other = await asyncpg.connect(station_database_url)
    await other.execute("SELECT pg_advisory_lock(1463898956, 16)")
    second = await invoked(demo, station_database_url, "--yes")
    assert second.exit_code == Exit.FAILED
    assert "a simulation runs in this database already" in second.stderr
    await other.close()
