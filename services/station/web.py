"""The station demo over HTTP, under ``/station/api``: what the screens show, and the acts of the desk.

JSON both ways. An act that is refused is 409 (404 where what it is about is not there) with a code and the sentence
for the clerk in both languages; a request that does not fit is 400, another site's 403; where the tables or the
database are missing the answer is 503, and the demo 404 where it is switched off. Nothing here fails the process.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog
from aiohttp import web

from services.station.answers import Handler, answering, as_json, problem, read
from services.station.arrivals import arrive
from services.station.cancellations import cancel
from services.station.database import StationDatabase, StationUnavailable
from services.station.departures import DEPARTS_AFTER, depart, remove
from services.station.desk import Desk, Done
from services.station.refusals import Refused
from services.station.requests import (
    ArrivalRequest,
    CancellationRequest,
    SaleRequest,
    SimulationRequest,
    TransferRequest,
    VehicleRequest,
)
from services.station.sales import sell
from services.station.settings import StationSettings
from services.station.simulation import Simulation
from services.station.transfers import transfer
from shared.database import database_url
from shared.queries import query

ASSETS = Path(__file__).with_name("assets")
"""What the page is made of; ``index.html`` is the page."""

SWITCHED_OFF = "the station demo is switched off here: set WASLA_STATION_DEMO=1"

log = structlog.get_logger(__name__)


def add_station_routes(app: web.Application, settings: StationSettings) -> None:
    """Add the demo's calls to *app*, which closes the demo's connections when it is cleaned up."""
    if not settings.is_offered:
        app.router.add_route("*", "/station/api/{call:.*}", _switched_off)
        return
    station = _Station(settings)
    app.on_cleanup.append(station.close)
    for method, call, handler in station.calls():
        app.router.add_route(method, f"/station/api/{call}", answering(handler))


class _Station:
    def __init__(self, settings: StationSettings) -> None:
        self._database = StationDatabase(lambda: database_url(settings))
        self._simulation = Simulation(self._database)
        self._departing: set[asyncio.Task[None]] = set()

    def calls(self) -> list[tuple[str, str, Handler]]:
        return [
            ("GET", "clock", self._clock),
            ("GET", "state", self._state),
            ("POST", "arrivals", self._arrive),
            ("POST", "sales", self._sell),
            ("POST", "cancellations", self._cancel),
            ("POST", "transfers", self._transfer),
            ("POST", "departures", self._depart),
            ("POST", "removals", self._remove),
            ("GET", "simulation", self._simulation_status),
            ("POST", "simulation", self._simulate),
        ]

    async def close(self, _app: web.Application) -> None:
        await self._simulation.close()
        for task in self._departing:
            task.cancel()
        await asyncio.gather(*self._departing, return_exceptions=True)
        await self._database.close()

    async def _clock(self, _request: web.Request) -> web.Response:
        return as_json({"now": time.time() * 1000})

    async def _state(self, _request: web.Request) -> web.Response:
        async with self._database.connection() as connection:
            text = await connection.fetchval(query("station/state"))
        return web.Response(text=text, content_type="application/json")

    async def _arrive(self, request: web.Request) -> web.Response:
        asked = await read(request, ArrivalRequest)
        plate = " ".join(asked.license_plate.upper().split())
        return await self._act(asked.post, lambda desk: arrive(desk, plate, asked.destination_id))

    async def _sell(self, request: web.Request) -> web.Response:
        asked = await read(request, SaleRequest)
        return await self._act(
            asked.post,
            lambda desk: sell(
                desk, asked.destination_id, asked.seats, queue_id=asked.queue_id, seen_free=asked.seen_free
            ),
        )

    async def _cancel(self, request: web.Request) -> web.Response:
        asked = await read(request, CancellationRequest)
        return await self._act(asked.post, lambda desk: cancel(desk, asked.booking_id, one_seat=asked.one_seat))

    async def _transfer(self, request: web.Request) -> web.Response:
        asked = await read(request, TransferRequest)
        return await self._act(asked.post, lambda desk: transfer(desk, asked.booking_id, asked.to_queue_id))

    async def _depart(self, request: web.Request) -> web.Response:
        asked = await read(request, VehicleRequest)
        return await self._act(asked.post, lambda desk: depart(desk, asked.queue_id))

    async def _remove(self, request: web.Request) -> web.Response:
        asked = await read(request, VehicleRequest)
        return await self._act(asked.post, lambda desk: remove(desk, asked.queue_id))

    async def _simulation_status(self, _request: web.Request) -> web.Response:
        return as_json(self._simulation.status)

    async def _simulate(self, request: web.Request) -> web.Response:
        asked = await read(request, SimulationRequest)
        if asked.action == "start":
            await self._simulation.start(speed=asked.speed, seed=asked.seed, until=asked.until)
        else:
            await self._simulation.stop()
        return as_json(self._simulation.status)

    async def _act(self, post: str, act: Callable[[Desk], Awaitable[Done]]) -> web.Response:
        async with self._database.connection() as connection:
            done = await act(Desk(connection, post))
        if done.status == "READY":
            task = asyncio.create_task(self._depart_soon(done.queue_id))
            self._departing.add(task)
            task.add_done_callback(self._departing.discard)
        return as_json(done)

    async def _depart_soon(self, queue_id: str) -> None:
        """Let a full vehicle go; where that fails it stays in the queue, and somebody sends it off by hand."""
        await asyncio.sleep(DEPARTS_AFTER)
        try:
            async with self._database.connection() as connection:
                await depart(Desk(connection, "gate"), queue_id)
        except StationUnavailable as error:
            log.warning("full vehicle not sent off", reason=str(error))
        except Refused:
            pass  # somebody was quicker
        except Exception:
            log.exception("full vehicle not sent off by an unforeseen error")


async def _switched_off(_request: web.Request) -> web.Response:
    return problem(404, "switched_off", SWITCHED_OFF)
