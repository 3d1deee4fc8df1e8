"""Plays a day on the tables, act after act, at a chosen speed.

One connection, one transaction an act, in the plan's order: a machine that cannot keep up is late, and skips nothing.
People may sell and cancel meanwhile, so an act may turn out to be refused; that is counted, and the day goes on.
Errors of the database end the play and are raised. Cancelling loses at most the act under way, which is then not done.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from datetime import time as time_of_day

import asyncpg
import msgspec

from services.station.arrivals import arrive
from services.station.cancellations import cancel_latest
from services.station.days import Arrival, Cancellation, Departure, Sale, Step
from services.station.departures import depart, remove
from services.station.desk import Desk, Done
from services.station.refusals import Refused
from services.station.sales import sell
from shared.errors import WaslaError
from shared.queries import query

POST = "simulation"


class SimulationRuns(WaslaError):
    """Somebody simulates in this database already."""


class Progress(msgspec.Struct):
    """How far a play is. ``at`` is the time of the simulated day in seconds; ``changes`` counts watched rows."""

    steps: int
    done: int = 0
    at: float = 0.0
    arrivals: int = 0
    departures: int = 0
    seats: int = 0
    cancellations: int = 0
    refused: int = 0
    changes: int = 0


Watcher = Callable[[Step | None, Done, float], None]
"""Is told of every act that was committed (of no step: clearing the queue), and when its COMMIT was sent."""


class Play:
    """One run through *steps*. Take the simulation for yourself first (:meth:`claim`), then :meth:`run`."""

    def __init__(
        self,
        connection: asyncpg.Connection,
        steps: Sequence[Step],
        *,
        speed: float,
        stop: asyncio.Event,
        watcher: Watcher | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.progress = Progress(len(steps))
        self._desk = Desk(connection, POST)
        self._steps = steps
        self._speed = speed
        self._stop = stop
        self._watcher = watcher
        self._clock = clock
        self._queue_ids: dict[str, str] = {}

    async def claim(self) -> None:
        """Keep others from simulating as long as the session lasts; raise SimulationRuns."""
        if not await self._desk.fetch_value("station/claim_simulation"):
            raise SimulationRuns("a simulation runs in this database already: end it, or watch it")

    async def run(self) -> None:
        """Clear the queue of whoever waits from before, then play to the end or until ``stop`` is set.

        Either way a vehicle that is full by then still leaves.
        """
        await self._clear_queue()
        await self._play()
        await self._send_off_the_full()

    async def _play(self) -> None:
        day: date = await self._desk.fetch_value("station/today")
        started_at, begins_at = self._clock(), self._steps[0].at if self._steps else 0.0
        for step in self._steps:
            if await self._is_stopped_before(started_at + (step.at - begins_at) / self._speed):
                return
            self.progress.at = step.at
            self._desk.at = datetime.combine(day, time_of_day()) + timedelta(seconds=step.at)
            await self._do(step)
            self.progress.done += 1

    async def _clear_queue(self) -> None:
        for row in await self._desk.connection.fetch(query("station/queued")):
            is_empty = row["available_seats"] == row["total_seats"]
            with contextlib.suppress(Refused):
                self._note(None, await (remove if is_empty else depart)(self._desk, row["id"]))

    async def _send_off_the_full(self) -> None:
        for row in await self._desk.connection.fetch(query("station/queued")):
            if row["status"] == "READY":
                with contextlib.suppress(Refused):
                    self._note(None, await depart(self._desk, row["id"]))

    async def _is_stopped_before(self, due_at: float) -> bool:
        delay = due_at - self._clock()
        if delay > 0 and not self._stop.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(delay):
                    await self._stop.wait()
        return self._stop.is_set()

    async def _do(self, step: Step) -> None:
        try:
            self._note(step, await self._act(step))
        except Refused:
            self.progress.refused += 1

    async def _act(self, step: Step) -> Done:
        match step:
            case Arrival(license_plate=plate, destination_id=destination):
                done = await arrive(self._desk, plate, destination)
                self._queue_ids[plate] = done.queue_id
                return done
            case Sale(destination_id=destination):
                return await sell(self._desk, destination, 1)
            case Cancellation(license_plate=plate):
                return await cancel_latest(self._desk, self._queue_ids.get(plate, ""))
            case Departure(license_plate=plate):
                return await depart(self._desk, self._queue_ids.get(plate, ""))
        raise AssertionError(f"a day has no such step: {step}")

    def _note(self, step: Step | None, done: Done) -> None:
        progress = self.progress
        progress.changes += done.changes
        progress.arrivals += isinstance(step, Arrival)
        progress.seats += done.seats if isinstance(step, Sale) else 0
        progress.cancellations += isinstance(step, Cancellation)
        progress.departures += isinstance(step, Departure)
        if self._watcher is not None:
            self._watcher(step, done, self._desk.committing_at)
