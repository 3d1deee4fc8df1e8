"""PostgreSQL by TLS: who is trusted, both ways, and one sentence for whatever keeps a connection from being safe."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from shared.database import connect
from shared.errors import ConfigurationError, DatabaseError, DatabaseRefused, DatabaseUnreachable
from tests.certificates import Authority, Files
from tests.secure_servers import SecureServer, secure_server
from tests.servers import Server, only_newest

HOW = "SELECT ssl, client_dn, current_user::text AS role FROM pg_stat_ssl WHERE pid = pg_backend_pid()"


@pytest.fixture(scope="module")
def secure() -> Iterator[SecureServer]:
    with secure_server() as server:
        yield server


@pytest.fixture(scope="module")
def till(secure: SecureServer) -> Files:
    """What the role ``till`` comes by."""
    return secure.issue("till")


@pytest.fixture
async def _roles(secure: SecureServer) -> AsyncIterator[None]:
    admin = await asyncpg.connect(secure.server.url("postgres"))
    await admin.execute("CREATE ROLE till LOGIN")
    yield
    await admin.execute("DROP ROLE till")
    await admin.close()


@pytest.fixture(autouse=True)
async def _farewells() -> AsyncIterator[None]:
    """Wait for the server's end of each connection, as the driver does not where one failed: an event loop that is
    closed before would leave the socket to whichever test the garbage collector comes in."""
    yield
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(90):
        while len(loop._selector.get_map()) > 1:  # noqa: ASYNC110 - the loop's own pipe stays, and tells of nothing
            await asyncio.sleep(0.01)


async def refusal(url: str) -> DatabaseError:
    with pytest.raises(DatabaseError) as refused:
        await connect(url, application_name="test")
    assert "\n" not in str(refused.value)
    return refused.value


@pytest.mark.usefixtures("_roles")
async def test_both_ends_know_each_other(secure: SecureServer, till: Files) -> None:
    url = secure.url("till", "postgres", sslcert=till.cert, sslkey=till.key)
    connection = await connect(url, application_name="test")
    assert dict(await connection.fetchrow(HOW)) == {"ssl": True, "client_dn": "/CN=till", "role": "till"}
    await connection.close()


async def test_with_a_password(secure: SecureServer) -> None:
    url = secure.url(f"postgres:{secure.server.password}", "postgres")
    connection = await connect(url, application_name="test")
    assert (await connection.fetchrow(HOW))["ssl"]
    await connection.close()


async def test_a_server_of_another_authority(secure: SecureServer, tmp_path: Path) -> None:
    error = await refusal(secure.url("postgres:secret", "postgres", sslrootcert=Authority(tmp_path, "another").cert))
    assert isinstance(error, DatabaseRefused)
    assert "shows a certificate that is not trusted" in str(error)
    assert "secret" not in str(error)


async def test_a_server_by_another_name(secure: SecureServer) -> None:
    error = await refusal(secure.url("postgres", "postgres", host="localhost"))
    assert isinstance(error, DatabaseRefused)
    assert "shows a certificate of another name" in str(error)
    # Which is what verify-full adds: the name is not looked at by the mode below it.
    url = secure.url(f"postgres:{secure.server.password}", "postgres", host="localhost", mode="verify-ca")
    await (await connect(url, application_name="test")).close()


@only_newest
async def test_a_server_without_tls(postgres_server: Server, secure: SecureServer) -> None:
    url = f"{postgres_server.tcp_url('postgres')}?sslmode=verify-full&sslrootcert={secure.authority.cert}"
    error = await refusal(url)
    assert isinstance(error, DatabaseRefused)
    assert "offers no TLS, which sslmode in WASLA_DATABASE_URL demands; set ssl = on there" in str(error)


async def test_a_client_without_tls(secure: SecureServer) -> None:
    error = await refusal(secure.url("postgres", "postgres", mode="disable"))
    assert isinstance(error, DatabaseRefused)
    assert "no encryption" in str(error)


@pytest.mark.usefixtures("_roles")
async def test_a_client_without_its_certificate(secure: SecureServer) -> None:
    error = await refusal(secure.url("till", "postgres"))
    assert isinstance(error, DatabaseRefused)
    assert "requires a valid client certificate" in str(error)


@pytest.mark.usefixtures("_roles")
async def test_a_client_with_anothers_certificate(secure: SecureServer) -> None:
    other = secure.issue("other")
    error = await refusal(secure.url("till", "postgres", sslcert=other.cert, sslkey=other.key))
    assert isinstance(error, DatabaseRefused)
    assert 'certificate authentication failed for user "till"' in str(error)


async def test_a_client_of_another_authority(secure: SecureServer, tmp_path: Path) -> None:
    forged = Authority(tmp_path, "another").issue("postgres")
    error = await refusal(secure.url("postgres", "postgres", sslcert=forged.cert, sslkey=forged.key))
    assert isinstance(error, DatabaseUnreachable)
    assert str(error).endswith("start it, or have it trust the authority of sslcert (ssl_ca_file)")


@pytest.mark.parametrize("name", ["sslrootcert", "sslcert", "sslkey", "sslcrl"])
async def test_a_file_that_is_not_there(secure: SecureServer, tmp_path: Path, name: str) -> None:
    error = await refusal(secure.url("postgres", "postgres", **{name: tmp_path / "gone"}))
    assert isinstance(error, DatabaseRefused)
    expected = f"{name} in WASLA_DATABASE_URL: expected a file that this process may read, got {tmp_path}/gone (No such"
    assert str(error).startswith(expected)


async def test_files_that_are_no_good(secure: SecureServer, till: Files, tmp_path: Path) -> None:
    (tmp_path / "garbage").write_text("not a certificate")
    error = await refusal(secure.url("postgres", "postgres", sslrootcert=tmp_path / "garbage"))
    assert "was not reached by TLS (no certificate or crl found); look at the ssl options" in str(error)
    error = await refusal(secure.url("postgres", "postgres", sslcert=till.cert, sslkey=secure.issue("other").key))
    assert "was not reached by TLS (key values mismatch)" in str(error)


async def test_a_word_that_is_no_mode(secure: SecureServer) -> None:
    with pytest.raises(ConfigurationError, match=r"`sslmode` parameter must be one of: .*verify-full"):
        await connect(secure.url("postgres", "postgres", mode="verify_all"), application_name="test")
