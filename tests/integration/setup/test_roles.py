"""Least rights: made by whoever may make roles, put on what is there, kept by later installs, and removed again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest
from pydantic import SecretStr

from services.cli.doctor.examine_database import examine_database
from services.pg_listener.sessions import session
from services.pg_listener.settings import ListenerSettings
from services.setup import LeastRights, inspect, install, install_station, remove, self_test_owner, unwatch, watch
from services.setup.role_checks import CAPTURE, LISTENER, OWNER
from services.station.database import StationDatabase, StationUnavailable
from shared.errors import DatabaseRefused
from shared.queries import query
from tests.databases import fresh_database
from tests.integration.sql.sequencer import leading
from tests.roles import as_role, connected_as, server_roles
from tests.servers import Server, only_newest

OWNED_BY = "SELECT pg_get_userbyid(nspowner)::text FROM pg_namespace WHERE nspname = 'wasla'"
OURS = "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'wasla\\_%'"


@pytest.fixture
async def url(postgres_server: Server) -> AsyncIterator[str]:
    """A database of ``landlord``, who is no superuser and may make roles, with two more who log in."""
    roles = server_roles(postgres_server, landlord="LOGIN CREATEROLE", processes="LOGIN", tenant="LOGIN")
    async with roles, fresh_database(postgres_server, "empty") as url, connected_as(url, "postgres") as admin:
        await admin.execute(f'ALTER DATABASE "{await admin.fetchval("SELECT current_database()")}" OWNER TO landlord')
        yield url


@pytest.fixture
async def admin(url: str) -> AsyncIterator[asyncpg.Connection]:
    async with connected_as(url, "postgres") as connection:
        yield connection


@pytest.fixture
async def landlord(url: str) -> AsyncIterator[asyncpg.Connection]:
    async with connected_as(url, "landlord") as connection:
        yield connection


@pytest.fixture
async def tenant(url: str) -> AsyncIterator[asyncpg.Connection]:
    async with connected_as(url, "tenant") as connection:
        yield connection


async def test_an_installation_is_upgraded_while_it_is_used(url: str, landlord: asyncpg.Connection) -> None:
    await install(landlord)
    await install_station(landlord)
    async with leading(as_role(url, "landlord")) as before:
        await landlord.execute("INSERT INTO bookings (id) VALUES ('before')")
        await before.drain()
        await landlord.execute("INSERT INTO bookings (id) VALUES ('between')")
        report = await install(landlord, least_rights=LeastRights(login="processes"))
        assert report.least_rights
        assert [event.row_id for event in await before.drain()] == ["between"]
    assert await landlord.fetchval(OWNED_BY) == OWNER
    await landlord.execute("INSERT INTO bookings (id) VALUES ('after')")
    async with leading(as_role(url, "processes")) as sequencer:
        assert [event.row_id for event in await sequencer.drain()] == ["after"]
        assert [event.row_id for event in await sequencer.log()] == ["before", "between", "after"]


WAITS_FOR_THE_OUTBOX = """
    SELECT EXISTS (SELECT FROM pg_locks
                   WHERE relation = 'wasla.outbox'::regclass AND mode = 'AccessExclusiveLock' AND NOT granted)
"""


async def test_sales_do_not_wait_while_an_upgrade_waits_for_a_writer(
    url: str, admin: asyncpg.Connection, landlord: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.setup.transactions.GAP_PATIENCE", 90.0)
    await install(landlord)
    await install_station(landlord)
    async with leading(as_role(url, "landlord")) as sequencer, connected_as(url, "landlord") as slow:
        transaction = slow.transaction()
        await transaction.start()
        await slow.execute("INSERT INTO bookings (id) VALUES ('slow')")
        upgrade = asyncio.create_task(install(landlord, least_rights=LeastRights(login="processes")))
        while not await admin.fetchval(WAITS_FOR_THE_OUTBOX):
            assert not upgrade.done()
        # A sale right now may find the upgrade's short try in its way; what counts is that it does not go on.
        seen: list[str | None] = []
        while "between" not in seen:
            await admin.execute(
                "INSERT INTO bookings (id) VALUES ('between'); DELETE FROM bookings WHERE id = 'between'"
            )
            seen += [event.row_id for event in await sequencer.drain()]
            assert not upgrade.done()
        await transaction.commit()
        assert (await upgrade).least_rights
        assert "slow" in [event.row_id for event in await sequencer.drain()]
    assert await landlord.fetchval(OWNED_BY) == OWNER


async def test_what_follows_in_the_same_transaction_waits_no_longer(landlord: asyncpg.Connection) -> None:
    """The tables that changed their owner are locked until it ends."""
    await landlord.execute("CREATE TABLE items (id int PRIMARY KEY)")
    await install(landlord)
    async with landlord.transaction():
        await install(landlord, least_rights=LeastRights())
        await watch(landlord, "public.items")
        assert await landlord.fetchval("SHOW lock_timeout") == "100ms"
    async with landlord.transaction():
        await install(landlord, least_rights=LeastRights())
        assert await landlord.fetchval("SHOW lock_timeout") == "5s"


async def test_it_is_kept_and_may_be_repeated(url: str, landlord: asyncpg.Connection) -> None:
    await install(landlord, least_rights=LeastRights())
    await landlord.execute("GRANT SELECT ON wasla.outbox TO wasla_listener")  # by hand, and not for long
    report = await install(landlord)
    assert report.least_rights
    assert await landlord.fetchval(OWNED_BY) == OWNER
    assert not await landlord.fetchval("SELECT has_table_privilege('wasla_listener', 'wasla.outbox', 'SELECT')")
    assert (await inspect(landlord)).current
    await install(landlord, least_rights=LeastRights(login="processes"))
    await landlord.execute("CREATE TABLE items (id int PRIMARY KEY)")
    await watch(landlord, "items")
    assert await unwatch(landlord, "items")


async def test_nothing_is_made_unasked(landlord: asyncpg.Connection) -> None:
    assert not (await install(landlord)).least_rights
    await install(landlord, dry_run=True, least_rights=LeastRights(login="processes"))
    assert await landlord.fetchval(OURS) == 0
    assert await landlord.fetchval(OWNED_BY) == "landlord"


async def test_the_roles_go_with_the_schema(url: str, landlord: asyncpg.Connection) -> None:
    await install(landlord, least_rights=LeastRights(login="processes"))
    assert await remove(landlord) == ()
    assert await landlord.fetchval(OURS) == 0
    assert not (await install(landlord)).least_rights


async def test_roles_that_another_database_uses_stay(
    postgres_server: Server, url: str, landlord: asyncpg.Connection
) -> None:
    await install(landlord, least_rights=LeastRights())
    async with fresh_database(postgres_server, "empty") as elsewhere:
        other = await asyncpg.connect(elsewhere)
        await install(other, least_rights=LeastRights(login="processes"))
        assert await remove(landlord) == (CAPTURE, LISTENER, OWNER)
        await install(other)
        await other.execute("CREATE TABLE items (id int PRIMARY KEY)")
        await watch(other, "items")
        await other.execute("INSERT INTO items VALUES (1)")
        async with leading(as_role(elsewhere, "processes")) as sequencer:
            assert len(await sequencer.drain()) == 1
        await other.close()
    assert await remove(landlord) == ()


async def test_roles_that_an_administrator_made_stay(
    url: str, admin: asyncpg.Connection, landlord: asyncpg.Connection
) -> None:
    await admin.execute("ALTER ROLE landlord NOCREATEROLE")
    with pytest.raises(DatabaseRefused) as refusal:
        await install(landlord, least_rights=LeastRights(login="processes"))
    assert str(refusal.value) == (
        'schema wasla was not installed: role "landlord" may not make or grant the roles; have an administrator run '
        "CREATE ROLE wasla_owner; CREATE ROLE wasla_capture; CREATE ROLE wasla_listener; "
        'GRANT wasla_capture TO wasla_owner; GRANT wasla_owner TO "landlord"; and '
        'role "landlord" may not grant wasla_listener; have an administrator run GRANT wasla_listener TO "processes"'
    )
    for said in str(refusal.value).split(" administrator run ")[1:]:
        await admin.execute(said.partition("; and role")[0])
    await install(landlord, least_rights=LeastRights(login="processes"))
    async with leading(as_role(url, "processes")) as sequencer:
        await sequencer.drain()
    assert await remove(landlord) == (CAPTURE, LISTENER, OWNER)


async def test_who_may_not_act_as_the_owner_is_told_so(
    landlord: asyncpg.Connection, tenant: asyncpg.Connection
) -> None:
    await install(landlord, least_rights=LeastRights(login="processes"))
    await landlord.execute("CREATE TABLE items (id int PRIMARY KEY); GRANT USAGE, CREATE ON SCHEMA public TO tenant")
    with pytest.raises(DatabaseRefused, match='schema wasla belongs to role "wasla_owner"; connect as a role that may'):
        await install(tenant)
    with pytest.raises(DatabaseRefused, match=r"items is not watched: .* may act as the owner of schema wasla"):
        await watch(tenant, "items")
    with pytest.raises(DatabaseRefused, match=r"items is still watched: .* connect as the table's owner"):
        await unwatch(tenant, "items")
    with pytest.raises(DatabaseRefused, match="must be owner of"):
        await remove(tenant)


@pytest.fixture
async def second(admin: asyncpg.Connection, landlord: asyncpg.Connection, tenant: asyncpg.Connection) -> None:
    """Least rights put by the landlord on a database of somebody else's, and the tenant made a second administrator."""
    database = await admin.fetchval("SELECT current_database()")
    await admin.execute(f'''
        ALTER DATABASE "{database}" OWNER TO postgres;
        GRANT CREATE ON DATABASE "{database}" TO landlord, tenant;
        GRANT CREATE ON SCHEMA public TO landlord, tenant;
    ''')
    await install(landlord, least_rights=LeastRights(login="processes"))
    assert await self_test_owner(admin) == "landlord"
    await landlord.execute("GRANT wasla_owner TO tenant")


@pytest.mark.usefixtures("second")
async def test_a_second_administrator_sets_up_and_removes(
    admin: asyncpg.Connection, landlord: asyncpg.Connection, tenant: asyncpg.Connection
) -> None:
    # So that wasla_owner might have the self-test, if its owner handed it over.
    await admin.execute("GRANT CREATE ON SCHEMA public TO wasla_owner")
    await tenant.execute("CREATE TABLE items (id int PRIMARY KEY)")
    assert (await install(tenant)).least_rights
    await watch(tenant, "items")
    assert len(await admin.fetch("SELECT * FROM public.test_notifications()")) == 1
    await remove(tenant)
    assert not (await inspect(admin)).installed
    assert await self_test_owner(admin) == "landlord"
    with pytest.raises(DatabaseRefused, match=r"superuser has to run ALTER FUNCTION .* OWNER TO tenant first"):
        await install(tenant)  # it would run as one who may not act as the schema's owner
    await remove(landlord)
    assert await self_test_owner(admin) is None


@pytest.mark.usefixtures("second")
async def test_a_self_test_that_is_not_as_wanted_is_handed_over_by_a_superuser(
    admin: asyncpg.Connection, landlord: asyncpg.Connection, tenant: asyncpg.Connection
) -> None:
    await landlord.execute("ALTER FUNCTION public.test_notifications() RESET search_path")
    with pytest.raises(DatabaseRefused) as refusal:
        await install(tenant)
    statement = "ALTER FUNCTION public.test_notifications() OWNER TO wasla_owner"
    assert str(refusal.value) == (
        "schema wasla was not installed: R_010_capture.sql: public.test_notifications() is not as wanted and belongs "
        f"to role landlord, so a superuser has to run {statement} first; nothing was changed"
    )
    await admin.execute(statement)
    await install(tenant)
    await remove(tenant)
    assert await self_test_owner(admin) is None


async def test_watching_somebody_elses_table_takes_one_right_on_it(
    url: str, landlord: asyncpg.Connection, tenant: asyncpg.Connection
) -> None:
    await install(landlord, least_rights=LeastRights(login="processes"))
    await landlord.execute("CREATE SCHEMA shop; GRANT USAGE, CREATE ON SCHEMA shop TO tenant")
    await tenant.execute("""
        CREATE TABLE shop.items (id int PRIMARY KEY) PARTITION BY RANGE (id);
        CREATE TABLE shop.items_low PARTITION OF shop.items FOR VALUES FROM (0) TO (10);
        GRANT TRIGGER ON shop.items TO landlord;
    """)
    with pytest.raises(DatabaseRefused, match=r"permission denied for table items_low; .*on each of its partitions"):
        await watch(landlord, "shop.items")
    await tenant.execute("GRANT TRIGGER ON shop.items_low TO landlord")
    await watch(landlord, "shop.items")
    await tenant.execute("REVOKE TRIGGER ON shop.items, shop.items_low FROM landlord")
    await tenant.execute("INSERT INTO shop.items VALUES (1)")
    async with leading(as_role(url, "processes")) as sequencer:
        assert [event.table for event in await sequencer.drain()] == ["shop.items"]
    with pytest.raises(DatabaseRefused, match="connect as the table's owner"):
        await unwatch(landlord, "shop.items")


@only_newest
@pytest.mark.parametrize(
    ("preparation", "login", "sentence"),
    [
        ("SELECT", "nobody's", 'expected a role "nobody\'s", found none; run CREATE ROLE'),
        ("SELECT", "postgres", 'role "postgres" is a superuser and so may do everything'),
        ("ALTER ROLE tenant NOLOGIN", "tenant", 'role "tenant" may not log in; run ALTER ROLE "tenant" LOGIN'),
        ("ALTER ROLE tenant NOINHERIT", "tenant", 'would not use what it is granted; run ALTER ROLE "tenant" INHERIT'),
        ("CREATE ROLE wasla_owner LOGIN", "tenant", "role wasla_owner can do more than its purpose needs"),
        ("CREATE ROLE wasla_listener CREATEDB", "tenant", "run ALTER ROLE wasla_listener NOSUPERUSER"),
        ("CREATE ROLE wasla_owner; GRANT wasla_owner TO tenant", "tenant", 'role "tenant" may act as wasla_owner'),
    ],
)
async def test_what_would_not_be_least_rights_is_refused(
    admin: asyncpg.Connection, preparation: str, login: str, sentence: str
) -> None:
    await admin.execute(preparation)
    with pytest.raises(DatabaseRefused) as refusal:
        await install(admin, least_rights=LeastRights(login=login))
    assert sentence in str(refusal.value)
    assert await admin.fetchval(OWNED_BY) is None


@pytest.fixture
async def processes(url: str, landlord: asyncpg.Connection) -> AsyncIterator[asyncpg.Connection]:
    """The station, and the role that the processes log in as: what they ask beside sequencing is asked as that."""
    await install(landlord, least_rights=LeastRights(login="processes"))
    await install_station(landlord)
    async with connected_as(url, "processes") as connection:
        yield connection


async def test_the_probe_and_the_self_test(url: str, processes: asyncpg.Connection) -> None:
    async with leading(as_role(url, "processes")) as sequencer:
        await processes.execute(query("touch_probe"), "here", "n1")
        await processes.execute(query("touch_probe"), "here", "n2")
        assert dict(await processes.fetchrow(query("find_probe"), 0, "n2")) == {"waits": True, "is_sequenced": False}
        assert len(await processes.fetch(query("test_notifications"))) == 4
        assert len(await sequencer.drain()) == 6
        assert (await processes.fetchrow(query("find_probe"), 0, "n2"))["is_sequenced"]


async def test_replay_retention_and_a_new_epoch(url: str, processes: asyncpg.Connection) -> None:
    async with leading(as_role(url, "processes")) as sequencer:
        await processes.fetch(query("test_notifications"))
        await sequencer.drain()
        assert len(await sequencer.log()) == 4
        await sequencer.connection.fetch(query("maintain_log"), timedelta(days=1), 1000)
        epoch = (await processes.fetchrow(query("log_position")))["epoch"]
        await processes.fetch(query("end_lost_epoch"), epoch, None)
        await sequencer.drain()
        assert (await processes.fetchrow(query("log_position")))["epoch"] != epoch


async def test_the_catalogue_and_revocations(processes: asyncpg.Connection) -> None:
    assert len(await processes.fetch(query("catalog"))) == 5
    await processes.execute(query("cli/revoke"), "user", "amine", None)
    assert [row["value"] for row in await processes.fetch(query("revocations"))] == ["amine"]
    assert await processes.fetchval(query("cli/unrevoke"), "user", "amine")


async def test_the_demo_takes_rights_on_its_tables(
    url: str, landlord: asyncpg.Connection, processes: asyncpg.Connection
) -> None:
    station = StationDatabase(lambda: as_role(url, "processes"))
    try:
        with pytest.raises(StationUnavailable, match=r"may not work on .* grant it SELECT, INSERT, UPDATE and DELETE"):
            async with station.connection() as connection:
                await connection.fetch(query("station/state"))
        await landlord.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO processes")
        async with station.connection() as connection:
            assert await connection.fetchval(query("station/state"))
    finally:
        await station.close()


async def test_a_listener_without_its_role_says_what_to_do(url: str, processes: asyncpg.Connection) -> None:
    settings = ListenerSettings(database_url=SecretStr(as_role(url, "tenant")))
    with pytest.raises(
        DatabaseRefused, match=r"lacks a right .*; run wasla setup --listener with the name of this role"
    ):
        async with session(settings, "test") as connection:
            await connection.fetch(query("log_position"))


async def test_the_doctor_sees_everything(url: str, processes: asyncpg.Connection) -> None:
    facts = await examine_database(as_role(url, "processes"))
    assert facts.installation is not None
    assert (facts.failure, facts.installation.unreadable, len(facts.installation.watched)) == (None, None, 4)
