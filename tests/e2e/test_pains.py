"""The twelve pains of the first station, worst first: each test is what takes one of them away."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from playwright.async_api import Browser
from wasla_client import Event, Item, connect
from websockets.asyncio.client import connect as ws_connect
from websockets.exceptions import ConnectionClosed

from services.station.arrivals import arrive
from services.station.desk import Desk
from services.station.refusals import Refused
from services.station.sales import sell as sell_seats
from tests.certificates import make_certificate
from tests.databases import fresh_database
from tests.e2e.clients import Client, connected, on_every_gateway
from tests.e2e.fleet import Fleet, running_fleet
from tests.e2e.sales import sell, selling
from tests.oracle.proxies import Proxy
from tests.ports import free_ports
from tests.servers import Server, only_newest
from tests.supervised import DEADLINE

pytestmark = pytest.mark.timeout(300)

KEY = "a-key-of-a-station-that-is-made-for-tests"
POLICY = """
who.key = "counter"
[roles.counter.tables.bookings]
hide = ["verification_code", "created_by"]
"""
FIRST_EVENT = """async ({ url, token }) => {
  const { WaslaClient } = await import("/client/index.js");
  const client = new WaslaClient({ urls: [url], appName: "page", token });
  client.connect();
  for await (const event of client.events({ table: "bookings" })) return event;
}"""
GATEWAYS = ("gateway:gateway-00", "gateway:gateway-01")
STATION = Path(__file__).resolve().parents[2] / "sql" / "station"


def wasla(url: str, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command line against a database."""
    command = [Path(sys.executable).with_name("wasla"), *words]
    environment = {**os.environ, **variables, "WASLA_DATABASE_URL": url}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """A fleet for other machines, too: with a certificate, a key for clients, and a policy for who has it."""
    directory = tmp_path_factory.mktemp("tls")
    files, policy = make_certificate(directory), directory / "policy.toml"
    policy.write_text(POLICY)
    variables = {
        "WASLA_TLS_CERT": str(files.cert),
        "WASLA_TLS_KEY": str(files.key),
        "WASLA_CLIENT_KEY": KEY,
        "WASLA_POLICY": str(policy),
    }
    with running_fleet(WASLA_HOST="0.0.0.0", **variables) as fleet:
        yield fleet


async def without_gateways(fleet: Fleet) -> None:
    """Stop what clients connect to."""
    for gateway in GATEWAYS:
        await asyncio.to_thread(fleet.stop_program, gateway)


async def with_gateways(fleet: Fleet) -> None:
    """Start it again."""
    for gateway in GATEWAYS:
        await asyncio.to_thread(fleet.start_program, gateway)


def only_events(client: Client, table: str) -> list[tuple[str, str | None]]:
    """Return (event_type, business_event) of what a client was told of a table."""
    return [(event["event_type"], event["business_event"]) for event in client.events if event["table"] == table]


@only_newest
async def test_01_installing_the_triggers_stops_no_sale_and_tells_the_truth(postgres_server: Server) -> None:
    """Sales go on through setup, through a capture that cannot work, and through the removal."""
    async with fresh_database(postgres_server, "empty") as url:
        owner = await asyncpg.connect(url)
        for script in sorted(STATION.glob("*.sql")):
            await owner.execute(script.read_text(encoding="utf-8"))
        async with selling(lambda: url) as counter:
            await counter.sold(5)
            alone = await asyncio.to_thread(wasla, url, "setup")
            assert alone.returncode != 0, "nothing runs that could deliver: that is no success"
            await counter.sold(5)
            with running_fleet(WASLA_DATABASE_URL=url) as fleet:
                watched = ("--watch", "bookings", "--url", fleet.gateway_url, "--verify-timeout", f"{DEADLINE}")
                setup = await asyncio.to_thread(wasla, url, "setup", *watched)
                assert setup.returncode == 0, setup.stderr
                await counter.sold(5)
                await owner.execute("DROP TABLE wasla.outbox CASCADE")
                await counter.sold(5)
                broken = await asyncio.to_thread(wasla, url, "doctor", **fleet.environment)
                assert broken.returncode == 1, "what cannot work is not called well"
                assert "outbox" in broken.stdout
            removed = await asyncio.to_thread(wasla, url, "remove", "--yes")
            assert removed.returncode == 0, removed.stderr
            await counter.sold(5)
        assert await owner.fetchval("SELECT count(*) FROM bookings") == len(counter.committed)
        assert await owner.fetchval("SELECT to_regnamespace('wasla')") is None
        await owner.close()


async def test_02_the_indicator_goes_out_by_itself_when_the_server_is_dead(fleet: Fleet) -> None:
    green = {"ready": True, "late": False, "websocket": True, "database": True}
    red = {"ready": False, "late": True, "websocket": False, "database": True}
    await asyncio.to_thread(fleet.wait_for, "Temps réel is green", lambda: shown(fleet) == green)
    await without_gateways(fleet)
    await asyncio.to_thread(fleet.wait_for, "Temps réel is red", lambda: shown(fleet) == red)
    await with_gateways(fleet)
    await asyncio.to_thread(fleet.wait_for, "Temps réel is green again", lambda: shown(fleet) == green)


def shown(fleet: Fleet) -> dict[str, bool]:
    """Return what the indicators say at this moment; empty while the monitor does not answer."""
    status = fleet.status()
    if not status:
        return {}
    up = {name: status[name]["up"] for name in ("websocket", "database")}
    return {"ready": status["ready"], "late": status["realtime"]["late"], **up}


async def test_03_a_client_never_gives_up_and_gets_what_it_missed(fleet: Fleet) -> None:
    async with connect(fleet.gateway_url, app_name="counter") as client, asyncio.timeout(DEADLINE):
        stream = client.events(table="bookings")
        await stream.wait_live()
        await without_gateways(fleet)
        missed = await sell(fleet.database_url, 5)
        while client.status.reconnect_attempts < 4:  # noqa: ASYNC110 - the status has no event for it
            await asyncio.sleep(0.1)
        await with_gateways(fleet)
        told = [await anext(stream) for _ in missed]
    assert [item.id for item in told if isinstance(item, Event)] == missed


async def test_04_who_listens_before_there_is_a_connection_hears(fleet: Fleet) -> None:
    await without_gateways(fleet)
    heard: asyncio.Queue[Item] = asyncio.Queue()
    async with connect(fleet.gateway_url, app_name="counter") as client, asyncio.timeout(DEADLINE):
        client.subscribe(heard.put, table="bookings")
        while not client.status.reconnect_attempts:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.05)
        await with_gateways(fleet)
        await client.wait_connected()
        sold = await sell(fleet.database_url, 1)
        item = await heard.get()
        while not isinstance(item, Event):
            item = await heard.get()
    assert [item.id] == sold


async def test_05_nobody_counts_rows_and_the_database_does_not_feel_more_screens(fleet: Fleet) -> None:
    """An event holds the row as it is, and not one session of the database is there for a client."""
    database = await asyncpg.connect(fleet.database_url)
    sessions = """SELECT array_agg(application_name) FROM pg_stat_activity
        WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"""
    ours = ("wasla pg-listener", "wasla-monitor")
    async with on_every_gateway(fleet.gateway_url, 2, each=20) as gateways:
        clients = [client for members in gateways.values() for client in members]
        (sold,) = await sell(fleet.database_url, 1)
        for client in clients:
            await client.read_until(lambda client=client: sold in client.ids(), stay=True)
        async with asyncio.timeout(DEADLINE):
            while not all(name.startswith(ours) for name in await database.fetchval(sessions)):  # noqa: ASYNC110 - a seller is leaving
                await asyncio.sleep(0.05)
    row = json.loads(await database.fetchval("SELECT to_jsonb(b) FROM bookings b WHERE id = $1", sold))
    assert [client.events[-1]["data"] for client in clients] == [row] * 40
    await database.close()


async def test_06_no_size_and_no_likeness_costs_a_sale_or_an_event(fleet: Fleet) -> None:
    database = await asyncpg.connect(fleet.database_url)
    async with connected(fleet.gateway_url) as client:
        (sold,) = await sell(fleet.database_url, 1)
        reason = "é" * 100_000
        await database.execute("UPDATE bookings SET cancellation_reason = $1 WHERE id = $2", reason, sold)
        async with database.transaction():
            for seats in (3, 4, 3, 4):
                await database.execute("UPDATE bookings SET seats_booked = $1 WHERE id = $2", seats, sold)
        await client.read_until(lambda: len(client.events) >= 6, stay=True)
    _, large, *alike = client.events
    assert large["data"]["cancellation_reason"] == reason
    assert [event["data"]["seats_booked"] for event in alike] == [3, 4, 3, 4]
    await database.close()


CANCELLATIONS = {
    "the booking is cancelled": "UPDATE bookings SET booking_status = 'CANCELLED' WHERE id = $1",
    "its payment is cancelled": "UPDATE bookings SET payment_status = 'CANCELLED' WHERE id = $1",
    "seats go back with a refund": "UPDATE bookings SET seats_booked = 1, refund_amount = 2.2 WHERE id = $1",
    "the row is deleted": "DELETE FROM bookings WHERE id = $1",
}


async def test_07_every_shape_of_a_cancellation_is_one_and_a_departure_is_none(fleet: Fleet) -> None:
    database = await asyncpg.connect(fleet.database_url)
    async with connected(fleet.gateway_url) as client:
        for statement in CANCELLATIONS.values():
            (sold,) = await sell(fleet.database_url, 1)
            await database.execute(statement, sold)
        await database.execute("INSERT INTO vehicle_queue (id, destination_id) VALUES ('leaving', 'jemmal')")
        await database.execute(
            "INSERT INTO bookings (queue_id, destination_id) SELECT 'leaving', 'jemmal' FROM generate_series(1, 8)"
        )
        await database.execute("DELETE FROM vehicle_queue WHERE id = 'leaving'")
        await client.read_until(lambda: ("DELETE", "VEHICLE_EXITED") in only_events(client, "vehicle_queue"), stay=True)
        await client.read_until(lambda: len(only_events(client, "bookings")) >= 8 + 16, stay=True)
    told = [business_event for _, business_event in only_events(client, "bookings")]
    assert told[:8] == ["BOOKING_CREATED", "BOOKING_CANCELLED"] * 4
    assert told[8:] == ["BOOKING_CREATED"] * 8 + [None] * 8
    await database.close()


async def test_08_there_is_one_hub_however_many_processes_serve_it(fleet: Fleet) -> None:
    """A word said at one gateway is heard at the other, each knows everybody, and exactly one listener numbers."""
    async with on_every_gateway(fleet.gateway_url, 2) as gateways:
        (one,), (other,) = gateways.values()
        await one.say("broadcast", {"event_type": "lunch", "data": {"at": "12:30"}})
        await other.read_until(lambda: bool(other.told("custom_event")), stay=True)
        await other.until_on_the_roster(lambda roster: set(GATEWAYS) <= {shown_gateway(entry) for entry in roster})
    assert other.told("custom_event")[0]["data"] == {"at": "12:30"}
    await asyncio.to_thread(fleet.wait_for, "one listener numbers", lambda: leading(fleet) == [True])


def shown_gateway(entry: dict[str, str]) -> str:
    """Return the gateway of somebody on the roster, by supervisord's name."""
    return entry["gateway"].rpartition("/")[2]


def leading(fleet: Fleet) -> list[bool]:
    """Return of each listener whether it numbers."""
    return [line["leading"] for line in fleet.status().get("lines", [])]


async def test_09_who_is_not_let_in_is_told_nothing(secured: Fleet) -> None:
    """Beyond this machine nothing starts without a key; with one, a stranger learns not even what there is."""
    command = [sys.executable, "-m", "services.gateway"]
    open_to_all = {key: value for key, value in secured.environment.items() if key != "WASLA_CLIENT_KEY"}
    refused = await asyncio.to_thread(
        subprocess.run, command, env=open_to_all, cwd=secured.directory, capture_output=True, text=True, check=False
    )
    assert refused.returncode == 78
    assert "nothing says who may connect" in refused.stdout + refused.stderr
    async with ws_connect(secured.gateway_url, ssl=secured.tls, open_timeout=DEADLINE) as stranger:
        message = {"message_type": "register", "data": {"app_name": "stranger", "token": "a guess"}}
        await stranger.send(json.dumps(message | {"timestamp": "2026-01-01T00:00:00Z"}))
        told = []
        with contextlib.suppress(ConnectionClosed):
            while True:
                told.append(json.loads(await stranger.recv())["message_type"])
    assert told == ["error"]
    assert stranger.close_code == 4501
    async with connect(secured.gateway_url, app_name="counter", token=KEY, ssl=secured.tls) as client:
        stream = client.events(table="bookings")
        await stream.wait_live()
        await sell(secured.database_url, 1)
        async with asyncio.timeout(DEADLINE):
            item = await anext(stream)
        assert isinstance(item, Event)
        assert item.data is not None
        assert "seats_booked" in item.data
        assert "verification_code" not in item.data, "a screen gets what it is to show, not the row"


async def test_10_a_ping_is_answered_nonsense_is_named_and_a_dead_link_is_noticed() -> None:
    with running_fleet(WASLA_PING_INTERVAL="5", WASLA_PING_TIMEOUT="5") as fleet:
        cable = Proxy(free_ports(1), fleet.base_port)
        await cable.start()
        async with connected(fleet.gateway_url) as client, connected(f"ws://127.0.0.1:{cable.port}"):
            await client.say("ping", {"n": 1})
            await client.read_until(lambda: bool(client.told("pong")), stay=True)
            assert client.told("pong")[0]["n"] == 1
            await client.say("dance", {})
            await client.read_until(lambda: bool(client.told("error")), stay=True)
            assert client.told("error")[0]["in_reply_to"] == "dance"
            await client.until_on_the_roster(lambda roster: present(roster) == 2)
            cable.deafen()
            await client.until_on_the_roster(lambda roster: present(roster) == 1)
        await cable.close()


def present(roster: list[dict[str, str]]) -> int:
    """Return how many clients of this test there are."""
    return [entry["app_name"] for entry in roster].count("e2e")


async def test_11_an_https_page_is_told_by_wss(secured: Fleet, browser: Browser) -> None:
    context = await browser.new_context(ignore_https_errors=True)  # a station's browser knows the authority
    page = await context.new_page()
    await page.goto(f"{secured.status_url}/assets/theme.css")
    told = page.evaluate(FIRST_EVENT, {"url": secured.gateway_url, "token": KEY})
    heard = asyncio.ensure_future(told)
    async with asyncio.timeout(DEADLINE):
        while not heard.done():
            await sell(secured.database_url, 1)
            await asyncio.wait([heard], timeout=1)
    assert await page.evaluate("location.protocol") == "https:"
    assert (await heard)["table"] == "bookings"
    await context.close()


async def test_12_seats_on_a_screen_are_the_seats_there_are(fleet: Fleet) -> None:
    """Two counters want the last seat: one has it, the other is told at once, and both screens show none free."""
    one, other = [Desk(await asyncpg.connect(fleet.database_url), f"Guichet {number}") for number in (1, 2)]
    async with connected(fleet.gateway_url, subscribe=[{"id": "queue", "tables": ["vehicle_queue"]}]) as screen:
        vehicle = await arrive(one, "212 TUN 1212", "station-sahline")
        await sell_seats(one, "station-sahline", 7)
        await screen.read_until(lambda: free_seats(screen, vehicle.queue_id) == 1, stay=True)
        outcomes = await asyncio.gather(
            *(sell_seats(desk, "station-sahline", 1, seen_free=1) for desk in (one, other)), return_exceptions=True
        )
        refused = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
        assert len(refused) == 1
        assert refused[0].sentence.fr == "déjà vendu à l'autre guichet : il ne reste aucune place"
        await screen.read_until(lambda: free_seats(screen, vehicle.queue_id) == 0, stay=True)
    for desk in (one, other):
        await desk.connection.close()


def free_seats(screen: Client, queue_id: str) -> int | None:
    """Return the free seats of a vehicle as its last event tells them."""
    rows = [event["data"] for event in screen.events if event["id"] == queue_id]
    return rows[-1]["available_seats"] if rows else None
