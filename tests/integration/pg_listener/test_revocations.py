"""What is revoked in the database is told to gateways at once, by every listener, and outlives them."""

from __future__ import annotations

import asyncio
import time

import asyncpg
import pytest

from services.pg_listener import revocation_watch
from services.pg_listener.signals import Signals
from services.setup import install
from shared.bus.messages import UNKNOWN_REVOCATIONS, Failed, RevocationsReply, RevocationsRequest
from tests.integration.pg_listener.bench import PATIENCE, Bench, Reader


async def revoked(reader: Reader, line: str) -> RevocationsReply:
    reply = await reader.request(RevocationsRequest, line)
    assert isinstance(reply, RevocationsReply)
    return reply


async def until_another(reader: Reader, line: str, former: int) -> int:
    """Wait until a beat tells of another version than *former*."""
    await reader.until(lambda: reader.beats[line].revocations_version not in (UNKNOWN_REVOCATIONS, former))
    return reader.beats[line].revocations_version


@pytest.fixture(autouse=True)
def _nobody_looks_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.pg_listener.revocation_watch.REFRESH_INTERVAL", 3600.0)


async def test_both_listeners_tell_of_it(bench: Bench, database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    await install(connection)
    _, leader = await bench.listener(database_url)
    reader = await bench.reader(leader)
    await reader.until_leading()
    _, standby = await bench.listener(database_url)
    other = await bench.reader(standby)
    await other.until(lambda: standby in other.beats)
    empty = await until_another(reader, leader, UNKNOWN_REVOCATIONS)
    await until_another(other, standby, UNKNOWN_REVOCATIONS)
    began = time.time()
    await connection.execute("SELECT wasla.revoke('user', 'amine'), wasla.revoke('token', 't1')")
    for heard, line in ((reader, leader), (other, standby)):
        await until_another(heard, line, empty)
        found = await revoked(heard, line)
        assert found.token_ids == ["t1"]
        assert found.users["amine"] >= began - 1
    version = (await revoked(reader, leader)).version
    assert version == (await revoked(other, standby)).version

    _, later = await bench.listener(database_url)
    assert (await revoked_by(bench, later)).token_ids == ["t1"]

    await connection.execute("SELECT wasla.unrevoke('token', 't1'), wasla.unrevoke('user', 'amine')")
    await reader.until(lambda: reader.beats[leader].revocations_version == empty)
    await connection.close()


async def revoked_by(bench: Bench, line: str) -> RevocationsReply:
    reader = await bench.reader(line)
    await reader.until(lambda: line in reader.beats)
    await until_another(reader, line, UNKNOWN_REVOCATIONS)
    return await revoked(reader, line)


async def test_what_is_not_known_yet_is_not_told(bench: Bench, short_directory: object) -> None:
    _, line = await bench.listener(f"postgresql:///none?host={short_directory}")
    reader = await bench.reader(line)
    await reader.until(lambda: line in reader.beats)
    assert reader.beats[line].revocations_version == UNKNOWN_REVOCATIONS
    assert isinstance(await reader.request(RevocationsRequest), Failed)


async def test_a_second_revocation_moves_the_moment_on_and_what_has_ended_is_forgotten(
    bench: Bench, database_url: str
) -> None:
    connection = await asyncpg.connect(database_url)
    await install(connection)
    await connection.execute("SELECT wasla.revoke('user', 'amine')")
    statement = "SELECT revoked_at FROM wasla.revocation WHERE value = 'amine'"
    former = await connection.fetchval(statement)
    await connection.execute("SELECT wasla.revoke('user', 'amine')")
    assert await connection.fetchval(statement) > former
    await connection.execute("SELECT wasla.revoke('token', 'over', now() - interval '11 min')")
    await connection.execute("SELECT wasla.revoke('token', 'graced', now() - interval '5 min')")
    _, line = await bench.listener(database_url)
    assert (await revoked_by(bench, line)).token_ids == ["graced"], "gateways take it for up to 300 s after its end"
    await connection.execute("SELECT wasla.revoke('token', 'next', now() + interval '1 day')")
    left = await connection.fetchval("SELECT array_agg(value ORDER BY value) FROM wasla.revocation")
    assert left == ["amine", "graced", "next"]
    with pytest.raises(asyncpg.CheckViolationError):
        await connection.execute("SELECT wasla.revoke('key', 'x')")
    await connection.close()


async def test_a_schema_without_revocations_is_left_alone_for_a_while(
    bench: Bench, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each refusal ends the session that gateways are served by: it is not to happen every other second."""
    pauses, wait = asyncio.Queue[float](), revocation_watch._until_stale

    async def noted(signals: Signals, timeout: float) -> None:
        pauses.put_nowait(timeout)
        await wait(signals, timeout)

    monkeypatch.setattr(revocation_watch, "REFUSED_PAUSE", 7200.0)
    monkeypatch.setattr(revocation_watch, "_until_stale", noted)
    connection = await asyncpg.connect(database_url)
    await install(connection)
    await connection.execute("DROP TABLE wasla.revocation")
    _, line = await bench.listener(database_url)
    async with asyncio.timeout(PATIENCE):
        while await pauses.get() != 7200.0:
            pass
    await connection.execute("DELETE FROM wasla.migration WHERE name LIKE '%_revocations'")
    await install(connection)
    reader = await bench.reader(line)
    await reader.until_leading()
    await connection.execute("SELECT wasla.revoke('token', 't1')")
    version, told = UNKNOWN_REVOCATIONS, list[str]()
    while told != ["t1"]:  # what was revoked before that, nothing, may have been read already
        await until_another(reader, line, version)
        found = await revoked(reader, line)
        version, told = found.version, list(found.token_ids)
    await connection.close()
