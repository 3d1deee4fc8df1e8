"""Who may do what, of every object of the schema: one table, compared with what PostgreSQL says of each role."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator

import asyncpg
import pytest

from services.setup import LeastRights, install, remove
from services.setup.role_checks import CAPTURE, LISTENER, OWNER
from tests.databases import fresh_database
from tests.integration.sql.sequencer import leading
from tests.roles import as_role, server_roles
from tests.servers import Server, only_newest

ROLES = (OWNER, CAPTURE, "processes", "cashier", "auditor", "stranger")
"""The owner, what the triggers run as, what the listener logs in as; an application's writer and its reader; nobody."""

SCHEMA = {OWNER: "USAGE CREATE", CAPTURE: "USAGE", "processes": "USAGE"}

FUNCTIONS: dict[str, dict[str, str]] = {
    "announce": {},
    "booking_event": {},
    "business_event": {},
    "composite_id": {},
    "current_epoch": {},
    "define_capture": {},
    "event_table_name": {"processes": "EXECUTE"},
    "forget": {},
    "key_columns": {"processes": "EXECUTE"},
    "maintain_log": {"processes": "EXECUTE"},
    "make_partitions": {},
    "notify_booking_change": {CAPTURE: "EXECUTE"},
    "notify_change": {CAPTURE: "EXECUTE"},
    "notify_probe": {CAPTURE: "EXECUTE"},
    "notify_vehicle_queue_change": {CAPTURE: "EXECUTE"},
    "partition_truncated": {},
    "put_triggers": {},
    "refuse_unwatchable": {},
    "revoke": {"processes": "EXECUTE"},
    "row_id": {},
    "rows_since": {},
    "sequence": {"processes": "EXECUTE"},
    "sequence_marks": {},
    "stamp_statement": {},
    "test_notifications": {"processes": "EXECUTE"},
    "text_bytes": {"processes": "EXECUTE"},
    "unrevoke": {"processes": "EXECUTE"},
    "unwatch": {},
    "vehicle_event": {},
    "virtual_columns": {},
    "watch": {},
}
"""Besides the owner, who may execute each; nobody else may."""

RELATIONS: dict[str, dict[str, str]] = {
    "backlog": {},
    "capture_failure": {CAPTURE: "INSERT"},
    "catalog": {"processes": "SELECT"},
    "event_log": {"processes": "SELECT"},
    "migration": {"processes": "SELECT"},
    "outbox": {CAPTURE: "INSERT", "processes": "SELECT(arguments,new_row)"},
    "position": {"processes": "SELECT UPDATE(epoch)"},
    "probe": {"processes": "SELECT INSERT(machine,nonce) UPDATE(nonce,touched_at)"},
    "revocation": {"processes": "SELECT"},
    "untriggered": {"processes": "SELECT"},
    "watched": {"processes": "SELECT"},
}
"""Besides the owner, what each role may do with each table and view; nothing else, and nobody else anything."""

OF_FUNCTIONS = """
    SELECT p.proname AS object, r.name AS role,
           CASE WHEN has_function_privilege(r.name, p.oid, 'EXECUTE') THEN 'EXECUTE' END AS may
    FROM pg_proc p CROSS JOIN unnest($1::text[]) AS r(name)
    WHERE p.pronamespace = 'wasla'::regnamespace
"""
OF_RELATIONS = """
    SELECT c.relname AS object, r.name AS role, string_agg(CASE
               WHEN has_table_privilege(r.name, c.oid, p.kind) THEN p.kind
               WHEN p.is_by_column AND has_any_column_privilege(r.name, c.oid, p.kind) THEN
                   p.kind || '(' || (SELECT string_agg(a.attname, ',' ORDER BY a.attname) FROM pg_attribute a
                                     WHERE a.attrelid = c.oid AND a.attnum > 0
                                       AND has_column_privilege(r.name, c.oid, a.attnum, p.kind)) || ')'
           END, ' ' ORDER BY p.place) AS may
    FROM pg_class c CROSS JOIN unnest($1::text[]) AS r(name)
    CROSS JOIN (VALUES (1, 'SELECT', true), (2, 'INSERT', true), (3, 'UPDATE', true), (4, 'REFERENCES', true),
                       (5, 'DELETE', false), (6, 'TRUNCATE', false), (7, 'TRIGGER', false))
               AS p(place, kind, is_by_column)
    WHERE c.relnamespace = ANY ($2::text[]::regnamespace[]) AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
      AND NOT (c.relkind = 'S' AND p.kind NOT IN ('SELECT', 'UPDATE'))
    GROUP BY c.relname, r.name
"""
OF_SCHEMA = """
    SELECT r.name AS role, string_agg(p.kind, ' ') AS may
    FROM unnest($1::text[]) AS r(name) CROSS JOIN (VALUES ('USAGE'), ('CREATE')) AS p(kind)
    WHERE has_schema_privilege(r.name, 'wasla', p.kind) GROUP BY r.name
"""
OWNERS = """
    SELECT relname AS name, relowner::regrole::text AS owner FROM pg_class WHERE relnamespace = 'wasla'::regnamespace
    UNION ALL SELECT nspname, nspowner::regrole::text FROM pg_namespace WHERE nspname = 'wasla'
    UNION ALL SELECT proname, proowner::regrole::text FROM pg_proc
    WHERE pronamespace = 'wasla'::regnamespace OR oid = 'public.test_notifications()'::regprocedure
"""
UNPINNED = """
    SELECT p.proname, p.prosecdef FROM pg_proc p
    WHERE (p.pronamespace = 'wasla'::regnamespace OR p.oid = 'public.test_notifications()'::regprocedure)
      AND NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (p.proconfig), false)
"""
WITHOUT_A_PINNED_PATH = {
    "booking_event",  # inlined into the owner's sequence, with that one's path
    "business_event",
    "row_id",
    "rows_since",
    "text_bytes",
    "vehicle_event",
    "define_capture",  # run by an install, where the path is empty
    "stamp_statement",  # the writer's own rights, and every name says where it is from
}


@pytest.fixture
async def station_url(postgres_server: Server) -> AsyncIterator[str]:
    """The station with least rights, an application's roles, and the processes' login; named for the superuser."""
    logins = dict.fromkeys(("processes", "cashier", "auditor", "stranger"), "LOGIN")
    async with server_roles(postgres_server, **logins), fresh_database(postgres_server, "station") as url:
        connection = await asyncpg.connect(url)
        await install(connection, least_rights=LeastRights(login="processes"))
        await connection.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO cashier")
        await connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO auditor")
        await connection.close()
        yield url


@pytest.fixture
async def admin(station_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(station_url)
    async with leading(station_url) as sequencer:
        await connection.execute("INSERT INTO bookings DEFAULT VALUES")
        await sequencer.drain()  # the log's first partition exists
    yield connection
    await connection.close()


def table(rows: list[asyncpg.Record]) -> dict[str, dict[str, str]]:
    """Return what every role but the owner may do, by object."""
    found: dict[str, dict[str, str]] = {row["object"]: {} for row in rows}
    for row in rows:
        if row["may"] and row["role"] != OWNER:
            found[row["object"]][row["role"]] = row["may"]
    return found


async def test_the_matrix(admin: asyncpg.Connection) -> None:
    assert table(await admin.fetch(OF_FUNCTIONS, ROLES)) == FUNCTIONS
    relations = await admin.fetch(OF_RELATIONS, ROLES, ["wasla"])
    found = table(relations)
    partitions = {name for name in found if name.startswith("event_log_")}
    assert partitions == {"event_log_0"}
    assert all(found.pop(name) == {} for name in (*partitions, "capture_failure_id_seq"))
    assert found == RELATIONS
    assert {row["role"]: row["may"] for row in await admin.fetch(OF_SCHEMA, ROLES)} == SCHEMA
    # Membership: nobody becomes another, but for the owner, who made what the triggers run as.
    become = "SELECT pg_has_role($1, $2, 'MEMBER')"
    pairs = [
        (one, other) for one, other in itertools.permutations(ROLES, 2) if await admin.fetchval(become, one, other)
    ]
    assert pairs == [(OWNER, CAPTURE)]


async def test_nothing_of_the_applications_is_theirs(admin: asyncpg.Connection) -> None:
    found = table(await admin.fetch(OF_RELATIONS, [CAPTURE, LISTENER, "processes", "stranger"], ["public"]))
    assert {name for name, may in found.items() if may} == set()
    assert not await admin.fetchval("SELECT has_table_privilege($1, 'bookings', 'SELECT')", OWNER)
    for role in (OWNER, CAPTURE, "processes"):
        assert not await admin.fetchval("SELECT has_schema_privilege($1, 'public', 'CREATE')", role)
        assert not await admin.fetchval("SELECT has_database_privilege($1, current_database(), 'CREATE')", role)


async def test_everything_belongs_to_the_owner(admin: asyncpg.Connection) -> None:
    owners = await admin.fetch(OWNERS)
    of_the_capture = {row["name"] for row in owners if row["owner"] == CAPTURE}
    assert of_the_capture == {name for name in FUNCTIONS if name.startswith("notify_")}
    assert {row["owner"] for row in owners} == {OWNER, CAPTURE}


async def test_every_function_pins_its_search_path(admin: asyncpg.Connection) -> None:
    unpinned = await admin.fetch(UNPINNED)
    assert {row["proname"] for row in unpinned} == WITHOUT_A_PINNED_PATH
    assert not any(row["prosecdef"] for row in unpinned)


REFUSED_TO_THE_PROCESSES = (
    "SELECT * FROM public.bookings",
    "SELECT origin FROM wasla.outbox",
    "INSERT INTO wasla.outbox (stamp, event_type, capture, arguments) VALUES ('0/1', 'INSERT', 'x', '{bookings}')",
    "DELETE FROM wasla.outbox",
    "INSERT INTO wasla.event_log SELECT * FROM wasla.event_log",
    "UPDATE wasla.event_log SET table_name = 'bookings'",
    "DELETE FROM wasla.event_log_0",
    "DROP TABLE wasla.event_log_0",
    "INSERT INTO wasla.capture_failure (table_name, reason) VALUES ('bookings', '')",
    "UPDATE wasla.position SET seq = 0",
    "DELETE FROM wasla.revocation",
    "CREATE TABLE wasla.mine (id int)",
    "CREATE OR REPLACE FUNCTION wasla.virtual_columns(target regclass) RETURNS text[] LANGUAGE sql AS 'SELECT NULL'",
    "ALTER FUNCTION wasla.sequence SECURITY INVOKER",
    "SELECT wasla.watch('bookings')",
    "SELECT wasla.unwatch('bookings')",
    "SELECT wasla.make_partitions(1)",
    "SET ROLE wasla_owner",
    "SET ROLE wasla_capture",
    "DROP SCHEMA wasla CASCADE",
)


@only_newest
async def test_the_processes_are_refused_the_rest(admin: asyncpg.Connection, station_url: str) -> None:
    connection = await asyncpg.connect(as_role(station_url, "processes"))
    for statement in REFUSED_TO_THE_PROCESSES:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    await connection.close()


CAST = """
    CREATE TYPE mood AS ENUM ('calm', 'eager');
    CREATE TABLE parcels (id int PRIMARY KEY, mood mood);
    CREATE FUNCTION mood_to_json(mood) RETURNS json LANGUAGE plpgsql AS $$
    DECLARE
        act text;
        done text[] := '{}';
    BEGIN
        FOREACH act IN ARRAY ARRAY[
            'SELECT FROM wasla.event_log', 'SELECT FROM wasla.outbox', 'UPDATE wasla.position SET seq = 0',
            'SELECT FROM public.bookings', 'CREATE TABLE wasla.mine ()', 'SET ROLE wasla_owner']
        LOOP
            BEGIN
                EXECUTE act;
                done := done || act;
            EXCEPTION WHEN insufficient_privilege THEN
                NULL;
            END;
        END LOOP;
        RETURN json_build_object('as', current_user, 'done', done);
    END $$;
    CREATE CAST (mood AS json) WITH FUNCTION mood_to_json(mood);
"""


async def test_a_cast_to_json_runs_as_one_who_reads_nothing(admin: asyncpg.Connection, station_url: str) -> None:
    """A type's owner has a function run inside the capture: it finds itself a role that reads nothing.

    That role may alter the capture itself, which is seen by the doctor: setup/test_casts.py.
    """
    await admin.execute("GRANT CREATE ON SCHEMA public TO cashier")
    cashier = await asyncpg.connect(as_role(station_url, "cashier"))
    await cashier.execute(CAST)
    await admin.execute("SELECT wasla.watch('parcels')")
    await cashier.execute("INSERT INTO parcels VALUES (1, 'calm')")
    async with leading(as_role(station_url, "processes")) as sequencer:
        [event] = await sequencer.drain()
    assert event.data == {"id": 1, "mood": {"as": CAPTURE, "done": []}}
    await cashier.close()
    await remove(admin)
