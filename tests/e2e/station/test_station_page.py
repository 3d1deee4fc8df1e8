"""The station's page in Chromium: two posts, one truth, told at once."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import expect

from tests.e2e.fleet import Fleet
from tests.e2e.station.conftest import OpenStation
from tests.e2e.station.station_page import PATIENCE, StationPage
from tests.supervised import DEADLINE

pytestmark = pytest.mark.timeout(400)

JEMMAL, MOKNIN = "station-jemmal", "station-moknin"
STOP = """() => fetch('/station/api/simulation', {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"action": "stop"}',
}).then((answer) => answer.ok)"""
PHONE = {"viewport": {"width": 390, "height": 844}}


async def queue_in(database: asyncpg.Connection) -> list[tuple[str, str, int]]:
    rows = await database.fetch("SELECT id, status, available_seats FROM vehicle_queue")
    return [(row["id"], row["status"], row["available_seats"]) for row in rows]


async def agrees_with_the_tables(station: StationPage, database: asyncpg.Connection) -> None:
    """The board, the counter and the day's sums are what the tables say, once nobody writes any more."""
    await station.shows_exactly(await queue_in(database))
    free = await database.fetch(
        "SELECT r.station_id, coalesce(sum(q.available_seats), 0) AS free FROM routes r LEFT JOIN vehicle_queue q "
        "ON q.destination_id = r.station_id AND q.status IN ('WAITING', 'LOADING') GROUP BY r.station_id"
    )
    for row in free:
        await station.page.wait_for_selector(f'.destination[data-key="{row["station_id"]}"][data-free="{row["free"]}"]')
    sold, departures = await database.fetchrow(
        "SELECT (SELECT sum(seats_booked) FROM bookings WHERE booking_status = 'ACTIVE'), "
        "(SELECT count(*) FROM exit_passes WHERE queue_id IS NULL)"
    )
    for selector, expected in {"#seats-sold": sold, "#departures": departures}.items():
        await station.page.wait_for_function(
            "([selector, expected]) => document.querySelector(selector).textContent.replace(/\\D/g, '') === expected",
            arg=[selector, str(expected or 0)],
        )


async def test_what_is_sold_at_one_post_is_seen_at_the_other(
    open_station: OpenStation, database: asyncpg.Connection
) -> None:
    async with open_station() as station:
        await station.shows("queue-1", "WAITING", 8)
        await station.sell(JEMMAL)
        await station.shows("queue-1", "LOADING", 7)
        await station.told("counter", "1 place pour Jemmal : 1,950 DT")
        await station.page.wait_for_selector("#sync.measured")
        assert (await station.text("#sync .ms")).endswith(" ms")
        await station.page.click(".seats button >> nth=2")
        await station.sell(JEMMAL)
        await station.shows("queue-1", "LOADING", 4)
        await station.told("counter", "3 places pour Jemmal")  # the counter lists what it knows it has sold
        await station.says("#journal ol", "se remplit pour Jemmal : 4 sur 8")
        await station.page.click(".sales button >> nth=0")
        await station.shows("queue-1", "LOADING", 7)
        await station.says("#journal ol", "3 places rendues pour Jemmal")
        await agrees_with_the_tables(station, database)


async def test_each_post_is_a_client_of_its_own(open_station: OpenStation, database: asyncpg.Connection) -> None:
    async with open_station() as station:
        for post in ("counter", "queue"):
            gateway = await station.page.get_attribute(f"#{post} .link[data-gateway]", "data-gateway")
            assert gateway in {"gateway-00", "gateway-01"}
            await station.says(f"#{post} .link", gateway)


async def test_the_conflict_at_the_last_seat_is_told_at_once(
    open_station: OpenStation, database: asyncpg.Connection
) -> None:
    await database.execute("DELETE FROM vehicle_queue WHERE id <> 'queue-3'")
    async with open_station() as station:
        await station.page.click("#conflict")
        await expect(station.page.locator('.told[data-tone="bad"]')).to_be_in_viewport(timeout=PATIENCE)
        refused = await station.text('.told[data-tone="bad"]')
        assert refused == "Refusé. Déjà vendu à l'autre guichet : il ne reste aucune place"
        await station.page.wait_for_function("() => document.querySelectorAll('.vehicle').length === 0")
        await station.says("#journal ol", "est partie pleine pour Moknin")
        seats = await database.fetchval(
            "SELECT sum(seats_booked) FROM bookings WHERE vehicle_license_plate = '187 TUN 903'"
        )
        assert seats % 8 == 0
        await agrees_with_the_tables(station, database)


async def test_a_station_without_vehicles_says_what_to_do(
    open_station: OpenStation, database: asyncpg.Connection
) -> None:
    async with open_station() as station:
        await station.says("#counter .told", "Touchez une destination")
        await database.execute("DELETE FROM vehicle_queue")
        await station.says("#counter .told", "faites entrer une voiture au poste 2")
        await station.page.click('.route[data-key="station-sahline"] header button')
        await station.says("#counter .told", "Touchez une destination")


async def test_another_machine_sold_it_first(open_station: OpenStation, database: asyncpg.Connection) -> None:
    """A clerk whose screen still shows the seat is told that it went to somebody else."""
    async with open_station() as one, open_station() as other:
        await one.page.click(".seats button >> nth=6")
        await one.sell(MOKNIN)
        await other.shows("queue-3", "LOADING", 1)
        await other.page.evaluate("""() => {
            const own = globalThis.fetch;
            const before = (body) => body.replace('"seen_free":1', '"seen_free":2');
            globalThis.fetch = (url, what) => own(url, what?.body ? { ...what, body: before(what.body) } : what);
        }""")
        await other.page.click(".seats button >> nth=1")
        await other.sell(MOKNIN)
        await other.told("counter", "Refusé. Déjà vendu à l'autre guichet : il reste 1 place")


async def test_the_supervisors_acts(open_station: OpenStation, database: asyncpg.Connection) -> None:
    async with open_station() as station:
        vehicle = '.vehicle[data-key="{}"] .acts button >> nth={}'
        await station.page.click(vehicle.format("queue-2", 0))
        await station.shows("queue-2", "LOADING", 7)
        await station.page.click(vehicle.format("queue-2", 1))
        await station.told("queue", "145 TUN 2210 est partie")
        await station.page.click(vehicle.format("queue-3", 2))
        await station.told("queue", "187 TUN 903 est retirée")
        await station.page.click('.route[data-key="station-sahline"] header button')
        await station.told("queue", "entre en file pour Sahline")
        await station.page.wait_for_selector('.route[data-key="station-sahline"] .vehicle')
        await agrees_with_the_tables(station, database)


async def test_after_a_busy_while_the_board_is_what_the_tables_say(
    fleet: Fleet, open_station: OpenStation, database: asyncpg.Connection
) -> None:
    """A day flat out, a page opened in the middle of it, and a gateway killed under both."""
    async with open_station() as early:
        await early.page.select_option("#speed", "0")
        await early.page.click("#day button")
        await early.page.wait_for_function("() => document.querySelector('#day progress').value > 200")
        async with open_station() as late:
            for gateway in ("gateway-00", "gateway-01"):
                os.kill(fleet.pid(gateway), signal.SIGKILL)
                fleet.wait_until_ready()
            await early.page.wait_for_function("() => document.querySelector('#day progress').value > 1500")
            await early.page.evaluate(STOP)  # by its button it would begin anew where the day is over already
            await early.page.wait_for_selector("#day button.primary")
            assert "Arrêtée" in await early.text("#day .now") or "finie" in await early.text("#day .now")
            for station in (early, late):
                await agrees_with_the_tables(station, database)
            ratio = await early.text("#journal .ratio")
            changes, lines = (int("".join(filter(str.isdigit, part))) for part in ratio.split(","))
            assert changes > 10 * lines > 0


async def test_a_lost_database_is_told_and_the_page_goes_on_by_itself(
    fleet: Fleet, open_station: OpenStation, database: asyncpg.Connection
) -> None:
    async with open_station() as station:
        fleet.stop_program("postgres")
        await station.page.wait_for_selector('#queue .link[data-tone="warn"]')
        await station.sell(JEMMAL)
        await station.told("counter", "Refusé")
        fleet.start_program("postgres")
        fleet.wait_until_ready()
        await station.page.wait_for_selector('#queue .link[data-tone="good"]')
        await station.sell(JEMMAL)
        await station.shows("queue-1", "LOADING", 7)


async def wasla_demo(fleet: Fleet, *words: str, interrupt: bool = False) -> tuple[int, str, str]:
    """Run it in a pipe; return its exit code and what it wrote."""
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("wasla")), "demo", *words,
        cwd=fleet.directory, env=fleet.environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(DEADLINE):
        if interrupt:
            assert process.stdout is not None
            first = await process.stdout.readline()
            process.send_signal(signal.SIGINT)
            out, err = await process.communicate()
            out = first + out
        else:
            out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def test_the_demo_in_a_pipe_says_that_nothing_is_missing(
    fleet: Fleet, open_station: OpenStation, database: asyncpg.Connection
) -> None:
    async with open_station() as station:
        code, out, err = await wasla_demo(fleet, "--speed", "0", "--until", "07:30")
        assert (code, err) == (0, "")
        assert "\x1b" not in out
        assert "left full for" in out
        assert out.splitlines()[-1].split(maxsplit=1) == ["ok", "nothing missing, nothing repeated"]
        await agrees_with_the_tables(station, database)


async def test_the_demos_sum_for_a_script(fleet: Fleet, database: asyncpg.Connection) -> None:
    code, out, err = await wasla_demo(fleet, "--speed", "0", "--until", "07:15", "--seed", "3", "--json")
    assert (code, err) == (0, "")
    found: dict[str, Any] = json.loads(out)
    assert found["written"] == found["received"] > 100
    assert (found["missing"], found["repeated"], found["stopped"]) == (0, 0, False)
    assert found["written"] == found["day"]["changes"]
    assert set(found["latency_ms"]) == {"p50", "p99", "max"}


async def test_ctrl_c_ends_the_demo_with_its_sum(fleet: Fleet, database: asyncpg.Connection) -> None:
    code, out, err = await wasla_demo(fleet, "--speed", "400", interrupt=True)
    assert code == 130
    assert "stopped at" in err
    assert "nothing missing, nothing repeated" in out
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["--until", "half past"], 2, "expected a time such as 08:30"),
        (["--url", "ws://127.0.0.1:9", "--speed", "0"], 3, "no gateway answers at ws://127.0.0.1:9"),
    ],
)
async def test_the_demo_says_what_it_lacks(fleet: Fleet, words: list[str], code: int, sentence: str) -> None:
    found, _, err = await wasla_demo(fleet, *words)
    assert found == code
    assert sentence in " ".join(err.replace("│", " ").split())


@pytest.mark.parametrize("options", [{}, {"color_scheme": "dark"}, PHONE], ids=["light", "dark", "phone"])
async def test_everybody_can_use_it(open_station: OpenStation, database: asyncpg.Connection, options: Any) -> None:
    async with open_station(reduced_motion="reduce", bypass_csp=True, **options) as station:
        await station.sell(JEMMAL)
        await station.shows("queue-1", "LOADING", 7)
        await station.page.click("#conflict")
        await station.page.wait_for_selector('.told[data-tone="bad"]')
        found = await Axe().run(station.page)
        serious = [one for one in found.response["violations"] if one["impact"] in {"serious", "critical"}]
        assert [(one["id"], [node["target"] for node in one["nodes"]]) for one in serious] == []


async def test_a_phone_scrolls_one_way_only(open_station: OpenStation, database: asyncpg.Connection) -> None:
    async with open_station(**PHONE) as station:
        await station.sell(JEMMAL)
        await station.shows("queue-1", "LOADING", 7)
        await station.page.wait_for_selector("#sync.measured")
        for language in ("fr", "en"):
            assert await station.page.get_attribute("html", "lang") == language
            await station.page.evaluate("document.querySelector('#takings').textContent = '123 456,789 DT'")
            widths = await station.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
            assert widths[0] <= widths[1]
            tiles = "[...document.querySelectorAll('.today *')].map((one) => one.scrollWidth <= one.clientWidth)"
            assert all(await station.page.evaluate(tiles))
            assert (await station.text("#sync .ms")).endswith(" ms")
            await station.page.click("#language")


async def test_it_is_sold_by_keyboard(open_station: OpenStation, database: asyncpg.Connection) -> None:
    async with open_station() as station:
        await station.page.focus(f'.destination[data-key="{JEMMAL}"]')
        await station.page.keyboard.press("Enter")
        await station.shows("queue-1", "LOADING", 7)
        focused = await station.page.evaluate("document.activeElement.dataset.key")
        assert focused == JEMMAL, "the screen changed, the focus stays"


async def test_it_speaks_english_on_request(open_station: OpenStation, database: asyncpg.Connection) -> None:
    async with open_station(locale="en-GB") as station:
        assert await station.text(".lead") == "Sell a seat at post 1: it shows at post 2, at once."
        assert await station.text("#sync .ms") == "waiting for a first sale"
        await station.sell(JEMMAL)
        await station.told("counter", "1 seat to Jemmal: 1.950 DT")
        await station.page.click("#language")
        assert await station.text(".lead") == "Vendez une place au poste 1 : elle apparaît au poste 2, aussitôt."
