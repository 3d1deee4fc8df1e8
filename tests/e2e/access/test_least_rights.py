"""The whole product on a database where it may do what it must and nothing else, and which both ends know by TLS."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from services.setup import LeastRights, install
from tests.databases import fresh_database
from tests.e2e.clients import connected
from tests.e2e.fleet import running_fleet
from tests.e2e.sales import sell
from tests.roles import connected_as, server_roles
from tests.secure_servers import SecureServer, secure_server

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def secure() -> Iterator[SecureServer]:
    with secure_server() as server:
        yield server


@pytest.fixture
async def station_url(secure: SecureServer) -> AsyncIterator[str]:
    """A station with least rights; ``processes`` is who they log in as."""
    roles = server_roles(secure.server, processes="LOGIN")
    async with roles, fresh_database(secure.server, "station") as url, connected_as(url, "postgres") as admin:
        await install(admin, least_rights=LeastRights(login="processes"))
        yield url


async def test_every_process_works_as_the_listeners_role(secure: SecureServer, station_url: str) -> None:
    """The fleet is ready when the probe has come round: listener, gateways and monitor are at work."""
    database = station_url.partition("?")[0].rpartition("/")[2]
    own = secure.issue("processes")
    verified = secure.url("processes", database, sslcert=own.cert, sslkey=own.key)
    with running_fleet(WASLA_DATABASE_URL=verified) as fleet:
        async with connected(fleet.gateway_url, subscribe=[{"id": "b", "tables": ["bookings"]}]) as client:
            sold = await sell(station_url, 5)
            await client.read_until(lambda: len(client.events) >= 5, stay=True)
        assert client.ids() == sold
        async with connected_as(station_url, "postgres") as admin:
            sessions = await admin.fetch(
                "SELECT a.application_name AS name, s.client_dn FROM pg_stat_activity a JOIN pg_stat_ssl s USING (pid) "
                "WHERE a.usename = 'processes' AND s.ssl"
            )
        assert {session["client_dn"] for session in sessions} == {"/CN=processes"}
        names = {session["name"] for session in sessions}
        assert "wasla-monitor" in names
        assert any(name.startswith("wasla pg-listener") for name in names)
        assert "permission denied" not in fleet.log
