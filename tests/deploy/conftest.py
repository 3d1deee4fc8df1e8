"""Two machines and both proxies in front of them, once for all the tests here."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.browser import running_browser
from tests.certificates import Files, make_certificate
from tests.deploy import elsewhere
from tests.deploy.fronts import NAME, Front, Ports, running_front
from tests.deploy.machines import GatewayMachine, gateway_machine
from tests.deploy.prometheus import Served, served
from tests.deploy.rendering import require
from tests.e2e.clients import connected
from tests.e2e.fleet import Fleet, running_fleet
from tests.ports import free_ports

PROXIES = ("nginx", "haproxy")

VARIABLES: Mapping[str, str] = {
    "WASLA_ALLOWED_HOSTS": NAME,
    "WASLA_TRUSTED_PROXIES": "127.0.0.1",
    # Nothing but pings reaches a client that nothing concerns.
    "WASLA_PING_INTERVAL": "1",
    "WASLA_POSITION_INTERVAL": "3600",
}


@pytest.fixture(scope="package")
def place() -> Iterator[Path]:
    """A directory that the proxies' own users may enter."""
    with tempfile.TemporaryDirectory(prefix="wasla-deploy-", dir="/tmp", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="package")
def files(place: Path) -> Files:
    """The certificate at the proxies."""
    return make_certificate(place)


@pytest.fixture(scope="package")
def fleet() -> Iterator[Fleet]:
    """Machine A."""
    for proxy in PROXIES:
        require(proxy, proxy)
    with running_fleet(**VARIABLES) as fleet:
        yield fleet


@pytest.fixture(scope="package")
def other_machine(fleet: Fleet) -> Iterator[GatewayMachine]:
    """Machine B."""
    with gateway_machine(fleet) as machine:
        yield machine


@pytest.fixture(scope="package")
def fronts(fleet: Fleet, other_machine: GatewayMachine, files: Files, place: Path) -> Iterator[dict[str, Front]]:
    """Both proxies, by name."""
    with ExitStack() as stack:
        found = {}
        for at, name in enumerate(PROXIES):
            first = free_ports(2)
            ports = Ports(
                fleet.base_port, other_machine.port, fleet.base_port + 1, first, first + 1, f"127.0.0.{2 + at}"
            )
            found[name] = stack.enter_context(running_front(name, ports, files, place / name))
        for front in found.values():
            fleet.wait_for(f"{front.name} answers", front.is_up)
        yield found


@pytest.fixture(scope="package")
def metrics(fleet: Fleet, other_machine: GatewayMachine) -> Served:
    """What two machines serve after a client was told of an error, resumed, and was told to reload."""
    asyncio.run(misbehave(fleet))
    counted = ("wasla_errors_total", "wasla_resyncs_total", "wasla_resumes_total")
    fleet.wait_for("heartbeats bring what was counted", lambda: all(map(scrape(fleet, other_machine).labels, counted)))
    return scrape(fleet, other_machine)


def scrape(fleet: Fleet, other_machine: GatewayMachine) -> Served:
    """Ask both monitors, as Prometheus does."""
    urls = {"a:8766": fleet.status_url, "b:8766": f"http://127.0.0.1:{other_machine.status_port}"}
    return served(urls, {"c:8766": elsewhere.text()})


async def misbehave(fleet: Fleet) -> None:
    """Have a gateway count what it counts from the first time on."""
    async with connected(fleet.gateway_url) as client:
        await client.say("nonsense", {})
        await client.read_until(lambda: bool(client.told("error")))
        await client.reconnect()
        client.position = {"epoch": "of another database", "seq": 1}
        await client.reconnect()
        await client.read_until(lambda: bool(client.told("resync")))


@pytest.fixture(params=PROXIES)
def front(fronts: dict[str, Front], request: pytest.FixtureRequest) -> Front:
    """Each proxy in turn."""
    return fronts[request.param]


@pytest.fixture(autouse=True)
def trust(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients take the proxies' certificate for good."""
    if "fronts" in request.fixturenames:
        files: Files = request.getfixturevalue("files")
        monkeypatch.setenv("SSL_CERT_FILE", str(files.cert))


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A headless Chromium."""
    async with running_browser() as chromium:
        yield chromium
