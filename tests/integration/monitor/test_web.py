"""The monitor's port, asked over HTTP."""

from __future__ import annotations

import socket
import time
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientConnectionError, ClientSession, web
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from services.monitor.observations import Observations
from services.monitor.sampling import take_sample
from services.monitor.service import observe
from services.monitor.settings import MonitorSettings
from services.monitor.web import make_app, serving
from shared.errors import WaslaError
from shared.heartbeats import Heartbeat

Client = TestClient[web.Request, web.Application]


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Observations:
    """What was measured stays good for as long as a test takes."""
    for variable in ("WASLA_PROBE_INTERVAL", "WASLA_PROBE_LATE_AFTER"):
        monkeypatch.setenv(variable, "3600")
    return observe(MonitorSettings.load())


@pytest.fixture
async def client(seen: Observations) -> AsyncIterator[Client]:
    async with TestClient(TestServer(make_app(seen))) as client:
        yield client


def deliver(seen: Observations) -> None:
    now = time.monotonic()
    seen.round_trip.begin("n", now)
    seen.round_trip.arrive({}, sent_at=time.time(), received_at=time.time(), now=now)


def hear(seen: Observations, process: str, value: float) -> None:
    registry = CollectorRegistry()
    Gauge("wasla_clients", "Clients.", registry=registry).set(value)
    text = generate_latest(registry)
    seen.ledger.hear(Heartbeat(process, "gateway", 1, "box", "serving", True, 0.0, 0.0, text), time.monotonic())


async def test_readiness_follows_delivery(seen: Observations, client: Client) -> None:
    async with client.get("/readyz") as answer:
        assert answer.status == 503
        assert (await answer.json())["reasons"] == ["no round trip was completed yet"]
    deliver(seen)
    async with client.get("/readyz") as answer:
        assert answer.status == 200
        assert await answer.json() == {"ready": True, "reasons": [], "warnings": []}


async def test_health_is_the_monitors_own(client: Client) -> None:
    async with client.get("/healthz") as answer:
        assert (answer.status, await answer.text()) == (200, "ok\n")


async def test_the_metrics_of_every_process_in_one_text(seen: Observations, client: Client) -> None:
    hear(seen, "gateway:gateway-00", 3)
    hear(seen, "gateway:gateway-01", 4)
    async with client.get("/metrics") as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        text = await answer.text()
    families = {family.name: family for family in text_string_to_metric_families(text)}
    clients = {sample.labels["process"]: sample.value for sample in families["wasla_clients"].samples}
    assert clients == {"gateway:gateway-00": 3, "gateway:gateway-01": 4}
    assert families["wasla_ready"].samples[0].value == 0
    assert len(families) == text.count("# TYPE ")


async def test_a_lost_process_does_not_look_alive(seen: Observations, client: Client) -> None:
    hear(seen, "gateway:gateway-00", 3)
    now = time.monotonic()
    for seconds in range(6):
        seen.ledger.review(now + seconds)
    async with client.get("/metrics") as answer:
        text = await answer.text()
    assert "wasla_clients" not in text
    assert 'wasla_up{machine="box",process="gateway:gateway-00",role="gateway"} 0.0' in text


async def test_the_status_in_json(seen: Observations, client: Client) -> None:
    hear(seen, "gateway:<00>", 3)
    async with client.get("/status.json") as answer:
        assert answer.content_type == "application/json"
        assert [process["process"] for process in (await answer.json())["processes"]] == ["gateway:<00>"]


async def test_the_history_column_by_column(seen: Observations, client: Client) -> None:
    for second in range(3):
        take_sample(seen, now=time.monotonic(), unix_now=1000.0 + second)
    async with client.get("/history.json") as answer:
        history = await answer.json()
    assert history["interval"] == 1.0
    assert history["columns"]["at"] == [1000.0, 1001.0, 1002.0]
    assert history["columns"]["ready"] == [False, False, False]
    async with client.get("/status.json") as answer:
        assert (await answer.json())["sample"]["at"] == 1002.0


@pytest.mark.parametrize(
    ("headers", "token"),
    [({}, None), ({"Authorization": "Bearer abc"}, "abc"), ({"Authorization": "Basic d2FzbGE6c2VjcmV0"}, "secret")],
)
async def test_a_browser_gets_back_the_key_it_presented_and_no_other(
    headers: dict[str, str], token: str | None, client: Client
) -> None:
    async with client.get("/token.json", headers=headers) as answer:
        assert await answer.json() == {"token": token}
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/status.json", "/history.json", "/token.json"])
async def test_answers_are_not_kept_not_framed_and_run_nothing(path: str, client: Client) -> None:
    async with client.get(path) as answer:
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "Server" not in answer.headers


@pytest.mark.parametrize("path", ["/", "/readyz", "/metrics", "/status.json", "/history.json", "/token.json"])
async def test_nothing_can_be_changed_from_here(path: str, client: Client) -> None:
    async with client.post(path) as answer:
        assert answer.status == 405


async def test_a_taken_port_is_one_sentence(seen: Observations) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(WaslaError, match=rf"expected a free port, but 127\.0\.0\.1:{port} is taken"):
            async with serving(seen, host="127.0.0.1", port=port):
                raise AssertionError("the port was taken")


async def test_it_stops_serving_with_the_block(seen: Observations, free_port: int) -> None:
    url = f"http://127.0.0.1:{free_port}/healthz"
    async with ClientSession() as session:
        async with serving(seen, host="127.0.0.1", port=free_port), session.get(url) as answer:
            assert answer.status == 200
        with pytest.raises(ClientConnectionError):
            await session.get(url)
