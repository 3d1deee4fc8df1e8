"""A database whose text cannot become UTF-8 is refused; any other is served."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from services.cli.doctor.database_verdicts import judge_database
from services.cli.doctor.examine_database import examine_database
from services.setup import install
from shared.database import connect
from shared.errors import DatabaseRefused
from tests.servers import Server, only_newest


@pytest.fixture
async def url(postgres_server: Server, encoding: str) -> AsyncIterator[str]:
    """An empty database of that encoding."""
    administrator = await asyncpg.connect(postgres_server.url("postgres"))
    await administrator.execute(f"CREATE DATABASE encoded ENCODING '{encoding}' TEMPLATE template0 LOCALE 'C'")
    yield postgres_server.url("encoded")
    await administrator.execute("DROP DATABASE encoded WITH (FORCE)")
    await administrator.close()


@only_newest
@pytest.mark.parametrize("encoding", ["SQL_ASCII"])
async def test_unchecked_text_is_refused(url: str, encoding: str) -> None:
    connection = await connect(url, application_name="test")
    with pytest.raises(DatabaseRefused, match=f"got the encoding {encoding} in .*ENCODING 'UTF8'"):
        await install(connection)
    await connection.close()
    assert any(
        finding.subject == "encoding" and finding.level == "problem"
        for finding in judge_database(await examine_database(url))
    )


@only_newest
@pytest.mark.parametrize("encoding", ["MULE_INTERNAL"])
async def test_text_without_a_way_to_utf8_is_refused(url: str, encoding: str) -> None:
    with pytest.raises(DatabaseRefused, match=f"{encoding}.* ENCODING 'UTF8'"):
        await connect(url, application_name="test")
    facts = await examine_database(url)
    assert encoding in (facts.failure or "")


@only_newest
@pytest.mark.parametrize("encoding", ["WIN1256", "LATIN1"])
async def test_other_encodings_are_served(url: str, encoding: str) -> None:
    connection = await connect(url, application_name="test")
    await install(connection)
    await connection.close()
