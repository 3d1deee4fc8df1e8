"""Several hosts in one URL: a dead machine costs its share of the time, and a replica is no primary."""

from __future__ import annotations

import socket

import pytest

from shared.database import connect
from shared.errors import DatabaseUnreachable
from tests.faults.promotion.conftest import until_replayed
from tests.servers import Server, only_newest, streaming_replica


@only_newest
async def test_a_host_that_swallows_everything_is_passed_over(postgres_server: Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hosts = f"127.0.0.1:{silent.getsockname()[1]},127.0.0.1:{postgres_server.port}"
        url = f"postgresql://postgres:{postgres_server.password}@{hosts}/postgres"
        connection = await connect(url, application_name="test")
    assert await connection.fetchval("SELECT current_setting('port')") == str(postgres_server.port)
    await connection.close()


@only_newest
async def test_a_replica_alone_is_not_what_was_asked_for(private_server: Server) -> None:
    with streaming_replica(private_server) as replica:
        await until_replayed(private_server, replica)
        url = replica.tcp_url("postgres") + "?target_session_attrs=read-write"
        with pytest.raises(DatabaseUnreachable, match="promote a replica"):
            await connect(url, application_name="test")
