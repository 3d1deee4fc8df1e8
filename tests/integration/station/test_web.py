"""The station's calls, over HTTP, on a real database."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from services.station.settings import StationSettings
from services.station.web import add_station_routes
from tests.databases import fresh_database
from tests.servers import Server, only_newest

Client = TestClient[web.Request, web.Application]
JEMMAL, MOKNIN = "station-jemmal", "station-moknin"
DEADLINE = 60


def app_for(url: str | None, **switch: Any) -> web.Application:
    app = web.Application()
    add_station_routes(app, StationSettings(database_url=url, **switch))
    return app


@pytest.fixture
async def client(station_database_url: str) -> AsyncIterator[Client]:
    async with TestClient(TestServer(app_for(station_database_url, station_demo=True))) as client:
        yield client


async def act(client: Client, call: str, *, status: int = 200, **what: Any) -> Any:
    async with client.post(f"/station/api/{call}", json=what) as answer:
        assert answer.status == status, await answer.text()
        return await answer.json()


async def state(client: Client) -> Any:
    async with client.get("/station/api/state") as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def until(client: Client, condition) -> Any:
    async with asyncio.timeout(DEADLINE):
        while True:
            found = await state(client)
            if condition(found):
                return found


async def test_the_state_is_what_the_tables_say(client: Client) -> None:
    sold = await act(client, "sales", destination_id=JEMMAL, seats=2, post="Guichet 1")
    found = await state(client)
    assert found["routes"][0]["station_id"] == JEMMAL
    assert {row["id"]: row["available_seats"] for row in found["queue"]} == {"queue-1": 6, "queue-2": 8, "queue-3": 8}
    assert [booking["id"] for booking in found["bookings"]] == [sold["booking_id"]]
    assert found["vehicles"]["vehicle-1"] == "123 TUN 4567"
    assert found["today"] == {"departures": 0, "seats": 2, "takings": 3.9}
    assert sold["amount"] == "3.900"


async def test_the_snapshot_tells_what_is_in_it(client: Client, station_database_url: str) -> None:
    """A sale under way is not in the rows, and its transaction is not in the snapshot they were read through."""
    writer = await asyncpg.connect(station_database_url)
    running = writer.transaction()
    await running.start()
    await writer.execute("INSERT INTO bookings (queue_id) VALUES ('queue-1')")
    under_way = str(await writer.fetchval("SELECT pg_current_xact_id()::text"))
    sold = await act(client, "sales", destination_id=MOKNIN, seats=1)
    found = await state(client)
    await running.commit()

    async def is_in(tx_id: str) -> bool:
        return bool(
            await writer.fetchval(
                "SELECT pg_visible_in_snapshot($1::text::xid8, $2::text::pg_snapshot)", tx_id, found["snapshot"]
            )
        )

    assert await is_in(sold["tx_id"])
    assert not await is_in(under_way)
    assert [booking["queue_id"] for booking in found["bookings"]] == ["queue-3"]
    assert len((await state(client))["bookings"]) == 2
    await writer.close()


async def test_the_last_seat_sends_the_vehicle_off_by_itself(client: Client) -> None:
    done = await act(client, "sales", destination_id=MOKNIN, seats=8)
    assert done["status"] == "READY"
    found = await until(client, lambda found: all(row["id"] != "queue-3" for row in found["queue"]))
    assert found["today"]["departures"] == 1
    assert found["exit_passes"] == []


async def test_a_refused_sale_tells_why_in_both_languages(client: Client) -> None:
    await act(client, "sales", destination_id=MOKNIN, seats=7)
    refused = await act(client, "sales", destination_id=MOKNIN, seats=2, seen_free=8, status=409)
    assert refused == {
        "code": "sold_elsewhere",
        "reason": "already sold at the other counter: 1 seat is left",
        "free_seats": 1,
        "sentence": {
            "fr": "déjà vendu à l'autre guichet : il reste 1 place",
            "en": "already sold at the other counter: 1 seat is left",
        },
    }


async def test_two_posts_at_the_last_seat(client: Client) -> None:
    await act(client, "sales", destination_id=MOKNIN, seats=7)

    async def sell(post: str) -> tuple[int, Any]:
        what = {"destination_id": MOKNIN, "seats": 1, "seen_free": 1, "post": post}
        async with client.post("/station/api/sales", json=what) as answer:
            return answer.status, await answer.json()

    outcomes = sorted(await asyncio.gather(sell("Guichet 1"), sell("Guichet 2")), key=lambda outcome: outcome[0])
    assert [status for status, _ in outcomes] == [200, 409]
    assert outcomes[1][1]["sentence"]["fr"] == "déjà vendu à l'autre guichet : il ne reste aucune place"


async def test_every_act_has_its_call(client: Client) -> None:
    arrived = await act(client, "arrivals", license_plate=" 200  tun 7 ", destination_id=JEMMAL, status=400)
    assert arrived["code"] == "bad_request"
    arrived = await act(client, "arrivals", license_plate="200  tun 7", destination_id=JEMMAL)
    assert arrived["license_plate"] == "200 TUN 7"
    sold = await act(client, "sales", destination_id=JEMMAL, seats=2, queue_id=arrived["queue_id"])
    moved = await act(client, "transfers", booking_id=sold["booking_id"], to_queue_id="queue-1")
    assert moved["queue_id"] == "queue-1"
    await act(client, "cancellations", booking_id=sold["booking_id"], one_seat=True)
    await act(client, "cancellations", booking_id=sold["booking_id"])
    gone = await act(client, "cancellations", booking_id=sold["booking_id"], status=404)
    assert gone["code"] == "booking_gone"
    assert (await act(client, "departures", queue_id=arrived["queue_id"], status=409))["code"] == "vehicle_empty"
    await act(client, "sales", destination_id=JEMMAL, seats=3, queue_id=arrived["queue_id"])
    assert (await act(client, "departures", queue_id=arrived["queue_id"]))["seats"] == 3
    assert (await act(client, "removals", queue_id="queue-2"))["status"] == "REMOVED"
    assert (await act(client, "removals", queue_id="queue-2", status=404))["code"] == "vehicle_gone"
    async with client.get("/station/api/clock") as answer:
        assert (await answer.json())["now"] > 1_700_000_000_000


@only_newest
@pytest.mark.parametrize(
    ("call", "what", "expected"),
    [
        ("sales", {"destination_id": JEMMAL}, "missing required field `seats`"),
        ("sales", {"destination_id": JEMMAL, "seats": 9}, "Expected `int` <= 8"),
        ("sales", {"destination_id": JEMMAL, "seats": "2"}, "Expected `int`, got `str`"),
        ("sales", {"destination_id": JEMMAL, "seats": 1, "extra": 1}, "unknown field `extra`"),
        ("arrivals", {"license_plate": "<b>", "destination_id": JEMMAL}, "matching regex"),
        ("simulation", {"action": "start", "until": "25:00"}, "matching regex"),
        ("removals", {"queue_id": "q" * 3000 + "é" * 2000}, "expected at most 4096 bytes"),
    ],
)
async def test_what_does_not_fit_is_told(client: Client, call: str, what: dict[str, Any], expected: str) -> None:
    answer = await act(client, call, status=400, **what)
    assert answer["code"] == "bad_request"
    assert expected in answer["reason"]


@only_newest
@pytest.mark.parametrize("body", ["", "[]", "{", "null", "[" * 4000])
async def test_what_is_no_object_is_told(client: Client, body: str) -> None:
    async with client.post("/station/api/sales", data=body, headers={"Content-Type": "application/json"}) as answer:
        assert answer.status == 400
        assert "expected a JSON object" in (await answer.json())["reason"]


@only_newest
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/json", "Origin": "http://evil.example"}, 403),
        ({"Content-Type": "application/json", "Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
async def test_another_sites_page_changes_nothing(client: Client, headers: dict[str, str], status: int) -> None:
    body = json.dumps({"destination_id": JEMMAL, "seats": 1})
    async with client.post("/station/api/sales", data=body, headers=headers) as answer:
        assert answer.status == status
        assert (await answer.json())["reason"].startswith("expected ")
    assert (await state(client))["bookings"] == []


@only_newest
async def test_without_the_tables_it_says_how_to_get_them(installed_database_url: str) -> None:
    app = app_for(installed_database_url, station_demo=True)
    async with TestClient(TestServer(app)) as client, client.get("/station/api/state") as answer:
        assert answer.status == 503
        assert await answer.json() == {
            "code": "no_station",
            "reason": "the station's demo tables are not in this database: run wasla setup --station",
        }


@only_newest
async def test_it_is_not_offered_on_a_database_of_yours(station_database_url: str) -> None:
    for app in (app_for(station_database_url), app_for(None, station_demo=False)):
        async with TestClient(TestServer(app)) as client:
            assert (await act(client, "sales", destination_id=JEMMAL, seats=1, status=404))["code"] == "switched_off"
            async with client.get("/station/api/state") as answer:
                assert answer.status == 404


async def test_a_database_that_goes_away_is_told_and_found_again(private_server: Server) -> None:
    async with (
        fresh_database(private_server, "station") as url,
        TestClient(TestServer(app_for(url, station_demo=True))) as client,
    ):
        await state(client)
        private_server.stop()
        for call in ("state", "simulation"):
            async with client.get(f"/station/api/{call}") as answer:
                assert answer.status == (503 if call == "state" else 200)
        down = await act(client, "sales", destination_id=JEMMAL, seats=1, status=503)
        assert down["code"] == "database_down"
        private_server.start()
        await act(client, "sales", destination_id=JEMMAL, seats=1)


@only_newest
async def test_a_server_that_says_nothing_is_not_waited_for(private_server: Server) -> None:
    """Its process is stopped in the middle of a session: the call ends by itself, and the next one is done."""
    async with (
        fresh_database(private_server, "station") as url,
        TestClient(TestServer(app_for(url, station_demo=True))) as client,
    ):
        await state(client)
        watcher = await asyncpg.connect(url)
        pid = await watcher.fetchval("SELECT pid FROM pg_stat_activity WHERE application_name = 'station'")
        os.kill(pid, signal.SIGSTOP)
        try:
            silent = await act(client, "sales", destination_id=JEMMAL, seats=1, status=503)
            assert silent["code"] == "database_down"
            await act(client, "sales", destination_id=JEMMAL, seats=1)
        finally:
            os.kill(pid, signal.SIGCONT)
            await watcher.close()


@only_newest
async def test_a_simulation_is_started_followed_and_stopped(client: Client) -> None:
    async with client.get("/station/api/simulation") as answer:
        assert await answer.json() == {"running": False, "speed": None, "progress": None, "failure": None}
    begun = await act(client, "simulation", action="start", speed=60)
    assert begun["running"]
    again = await act(client, "simulation", action="start", status=409)
    assert again["code"] == "simulation_runs"
    ended = await act(client, "simulation", action="stop")
    assert (ended["running"], ended["failure"]) == (False, None)
    await act(client, "simulation", action="start", speed=0, until="07:00")
    async with asyncio.timeout(DEADLINE):
        while True:
            async with client.get("/station/api/simulation") as answer:
                found = await answer.json()
            if not found["running"]:
                break
            await asyncio.sleep(0.05)
    assert found["failure"] is None
    assert found["progress"]["done"] == found["progress"]["steps"] > 0
    assert found["progress"]["departures"] > 0


@only_newest
async def test_one_simulation_in_a_database(client: Client, station_database_url: str) -> None:
    other = await asyncpg.connect(station_database_url)
    await other.execute("SELECT pg_advisory_lock(1463898956, 16)")
    refused = await act(client, "simulation", action="start", status=409)
    assert "runs in this database already" in refused["reason"]
    await other.close()
    async with asyncio.timeout(DEADLINE):
        while True:
            async with client.post("/station/api/simulation", json={"action": "start"}) as answer:
                if answer.status == 200:
                    break
            await asyncio.sleep(0.05)


@only_newest
async def test_a_simulation_that_loses_the_database_says_so(private_server: Server) -> None:
    async with (
        fresh_database(private_server, "station") as url,
        TestClient(TestServer(app_for(url, station_demo=True))) as client,
    ):
        await act(client, "simulation", action="start", speed=60)
        private_server.stop()
        async with asyncio.timeout(DEADLINE):
            while True:
                async with client.get("/station/api/simulation") as answer:
                    found = await answer.json()
                if not found["running"]:
                    break
                await asyncio.sleep(0.05)
        assert "database" in found["failure"]
        private_server.start()
