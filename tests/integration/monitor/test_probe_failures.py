"""Every way in which a round trip can fail is named, and none of them ends the prober."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest
from structlog.testing import capture_logs

from services.monitor.hearing import hear_lines
from services.monitor.metrics import MonitorMetrics
from services.monitor.observations import Observations
from services.monitor.probe import Prober
from services.monitor.probe_database import Found, ProbeDatabase
from services.monitor.service import observe
from services.monitor.settings import MonitorSettings
from shared.bus.memory import MemoryBus
from shared.bus.messages import Batch
from shared.errors import ConfigurationError, DatabaseUnreachable
from shared.events import Event
from tests.databases import fresh_database
from tests.integration.monitor.scripted_gateway import Manner, ScriptedGateway, scripted_gateway
from tests.servers import Server, only_newest

LATE_AFTER = 2.0
PATIENCE = 60.0
LINE = "tcp://127.0.0.1:8767"


class Database:
    """Stands for the database: hands each change to the gateway at once, or is down, or has it in the log only."""

    def __init__(
        self,
        gateway: ScriptedGateway | None,
        *,
        is_down: bool = False,
        has_captured: bool = True,
        has_sequenced: bool = False,
    ) -> None:
        self.gateway = gateway
        self.is_down = is_down
        self.found = Found(is_captured=has_captured, is_sequenced=has_sequenced)
        self.touched = 0

    async def touch(self, nonce: str) -> None:
        self.touched += 1
        if self.is_down:
            raise DatabaseUnreachable("PostgreSQL does not answer")
        if self.gateway is not None:
            await self.gateway.deliver(nonce)

    async def find(self, nonce: str, *, after_seq: int) -> Found:
        assert after_seq == 1
        return self.found

    def close(self) -> None:
        pass


@pytest.fixture
def seen() -> Observations:
    return observe(MonitorSettings.load())


def make_prober(
    seen: Observations, database: Database | ProbeDatabase, url: str, late_after: float = LATE_AFTER, **others: Any
) -> Prober:
    return Prober(seen, MonitorMetrics(), database, url=url, interval=0.1, late_after=late_after, **others)


async def failed_rounds(
    seen: Observations, database: Database, gateway: ScriptedGateway, late_after: float = LATE_AFTER
) -> int:
    """Run a round that fails; again where the gateway would have let the probe in, had the machine been quicker."""
    rounds, is_slow = 0, True
    while is_slow:
        rounds += 1
        assert await make_prober(seen, database, gateway.url, late_after).run_round() is False
        late = seen.round_trip.lateness(0.0)
        assert late is not None
        is_slow = gateway.manner != "never answer" and "no gateway let the probe in" in late.reason
    return rounds


@pytest.mark.parametrize(
    ("manner", "missing", "reason"),
    [
        ("refuse", "connected", "the gateway refused the probe (unknown_channel): No such channel."),
        ("drop", "connected", "the gateway closed the probe's connection"),
        ("babble", "connected", "what is no message"),
        ("never answer", "connected", "no gateway let the probe in within 2 s"),
        ("deliver nothing", "sequenced", "the change was committed, but did not arrive within 2 s"),
    ],
)
async def test_a_gateway_that_does_not_do_its_part(
    manner: Manner, missing: str, reason: str, seen: Observations
) -> None:
    async with scripted_gateway(manner) as gateway:
        database = Database(None)
        late_after = LATE_AFTER if "within 2 s" in reason else PATIENCE
        rounds = await failed_rounds(seen, database, gateway, late_after)
    late = seen.round_trip.lateness(0.0)
    assert late is not None
    assert late.missing.label == missing
    assert reason in late.reason
    assert seen.database.is_up is True
    assert database.touched == rounds
    assert seen.websocket.is_up is (manner == "deliver nothing")


async def test_what_no_trigger_noted_was_not_captured(seen: Observations) -> None:
    async with scripted_gateway("deliver nothing") as gateway:
        await failed_rounds(seen, Database(None, has_captured=False), gateway)
    late = seen.round_trip.lateness(0.0)
    assert late is not None
    assert late.missing.label == "captured"
    assert "no trigger of wasla.probe noted it" in late.reason


async def test_what_is_in_the_log_and_does_not_come_was_not_published(seen: Observations) -> None:
    async with scripted_gateway("deliver nothing") as gateway:
        await failed_rounds(seen, Database(None, has_sequenced=True), gateway)
    late = seen.round_trip.lateness(0.0)
    assert late is not None
    assert late.missing.label == "published"


async def test_what_was_published_and_does_not_come_stays_in_the_gateway(seen: Observations) -> None:
    bus = MemoryBus()
    publisher = bus.publisher(LINE)
    subscriber = bus.subscriber([LINE], identity=b"monitor")

    class Publishing(Database):
        async def touch(self, nonce: str) -> None:
            event = Event(2, "TEST", "wasla.probe", "wasla_probe", None, 0.0, nonce.encode(), internal=True)
            publisher.publish(Batch("e", 1, [event], 0.0, 0.0))

    async with asyncio.TaskGroup() as tasks, scripted_gateway("deliver nothing") as gateway:
        hearing = tasks.create_task(hear_lines(subscriber, seen))
        await failed_rounds(seen, Publishing(None), gateway)
        hearing.cancel()
    late = seen.round_trip.lateness(0.0)
    assert late is not None
    assert late.missing.label == "gateway"


async def test_nobody_listens(seen: Observations, free_port: int) -> None:
    assert await make_prober(seen, Database(None), f"ws://127.0.0.1:{free_port}", PATIENCE).run_round() is False
    assert seen.websocket.is_up is False
    assert seen.websocket.reason is not None
    assert "no gateway answers" in seen.websocket.reason


async def test_the_database_is_down(seen: Observations) -> None:
    async with scripted_gateway("deliver") as gateway:
        prober = make_prober(seen, Database(gateway, is_down=True), gateway.url, PATIENCE)
        assert await prober.run_round() is False
    late = seen.round_trip.lateness(0.0)
    assert late is not None
    assert (late.missing.label, late.reason) == ("captured", "PostgreSQL does not answer")
    assert (seen.database.is_up, seen.websocket.is_up) == (False, True)


async def test_no_database_is_configured(seen: Observations, monkeypatch: pytest.MonkeyPatch) -> None:
    def url() -> str:
        raise ConfigurationError("no database is configured: set WASLA_DATABASE_URL")

    async with scripted_gateway("deliver") as gateway:
        prober = make_prober(seen, ProbeDatabase(url, machine="box"), gateway.url, PATIENCE)
        assert await prober.run_round() is False
    assert seen.database.reason == "no database is configured: set WASLA_DATABASE_URL"


async def test_delivery_is_on_time_again_with_the_first_round_that_arrives(seen: Observations) -> None:
    async with scripted_gateway("deliver nothing") as gateway:
        prober = make_prober(seen, Database(gateway), gateway.url)
        assert await prober.run_round() is False
        gateway.manner = "deliver"
        assert await make_prober(seen, Database(gateway), gateway.url, PATIENCE).run_round() is True
    assert gateway.registrations[0]["subscribe"] == [{"id": "probe", "channels": ["wasla_probe"]}]
    assert seen.round_trip.last is not None


async def test_a_gateway_that_proves_nothing_is_no_gateway(seen: Observations) -> None:
    """WASLA_GATEWAY_URL may lead to a proxy with a certificate that is not this installation's."""
    async with scripted_gateway("deliver") as gateway:
        url = gateway.url.replace("ws:", "wss:")
        assert await make_prober(seen, Database(gateway), url, PATIENCE).run_round() is False
    assert (seen.websocket.reason or "").startswith(f"no gateway answers at {url}: ")


async def test_the_first_round_that_arrives_is_told_with_where_to_look(seen: Observations) -> None:
    async with scripted_gateway("deliver") as gateway:
        prober = make_prober(seen, Database(gateway), gateway.url, late_after=3600, page="http://page")
        with capture_logs() as lines:
            assert await prober.run_round() is True
            gateway.manner = "refuse"
            assert await prober.run_round() is False
            gateway.manner = "deliver"
            assert await prober.run_round() is True
    told = [line["event"].partition(":")[0] for line in lines if line["event"] != "database up"]
    assert told == ["ready", "delivery late", "delivery on time"]
    assert lines[-3]["status_page"] == "http://page"


@pytest.mark.parametrize(
    ("patience", "first"), [(3600.0, ("info", "not ready yet")), (0.0, ("warning", "delivery late"))]
)
async def test_a_start_is_no_alarm_as_long_as_it_may_take(
    seen: Observations, patience: float, first: tuple[str, str]
) -> None:
    async with scripted_gateway("refuse") as gateway:
        prober = make_prober(seen, Database(gateway), gateway.url, late_after=3600, start_patience=patience)
        with capture_logs() as lines:
            assert await prober.run_round() is False
            assert await prober.run_round() is False
            gateway.manner = "deliver"
            assert await prober.run_round() is True
    told = [(line["log_level"], line["event"].partition(":")[0]) for line in lines if line["event"] != "database up"]
    assert told == [first, ("info", "ready")]


@only_newest
async def test_a_silent_host_before_the_database_costs_rounds_and_not_the_probe(postgres_server: Server) -> None:
    """Trying the hosts in turn takes longer than one round is given."""
    async with fresh_database(postgres_server, "installed") as url:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            account, at, rest = postgres_server.tcp_url(urlsplit(url).path.strip("/")).rpartition("@")
            hosts = f"{account}{at}127.0.0.1:{silent.getsockname()[1]},{rest}"
            probe = ProbeDatabase(lambda: hosts, machine="box")
            rounds = 0
            while True:
                rounds += 1
                assert rounds < 200
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(0.5):
                        await probe.touch("a nonce")
                    break
            assert rounds > 1
            probe.close()
