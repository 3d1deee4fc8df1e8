"""Two machines A and B with the product on them, C where the test's own clients are, and D for PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.databases import fresh_database
from tests.machines.installation import Installation, RemoteServer, installations, running_server
from tests.machines.network import Network, network
from tests.machines.story import make_ticks


@pytest.fixture(scope="module")
def net() -> Iterator[Network]:
    """The machines, all of them on."""
    with network("a", "b", "c", "d") as made:
        yield made


@pytest.fixture(scope="module")
def remote_server(net: Network) -> Iterator[RemoteServer]:
    """PostgreSQL on machine D."""
    with running_server(net.machines["d"]) as server:
        yield server


@pytest.fixture
async def database(remote_server: RemoteServer, net: Network) -> AsyncIterator[str]:
    """The name of a database with the watched table ``ticks``, on a network without faults."""
    net.heal()
    async with fresh_database(remote_server) as url:
        await make_ticks(url)
        yield url.partition("@/")[2].partition("?")[0]


@pytest.fixture
def two(net: Network, remote_server: RemoteServer, database: str) -> Iterator[tuple[Installation, Installation]]:
    """The product on A, which leads, and on B, which stands by; the test itself runs on C."""
    with installations(net, remote_server.network_url(database), "a", "b") as made:
        a, b = made.values()
        a.start()
        a.wait_until_ready()
        b.start()
        b.wait_until_ready()
        with net.machines["c"].entered():
            yield a, b
