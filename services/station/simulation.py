"""The simulation that the page starts and stops: one task, which ends by itself, on request or with the process."""

from __future__ import annotations

import asyncio
import contextlib
import math

import msgspec
import structlog

from services.station.database import StationDatabase
from services.station.days import busiest_day, up_to
from services.station.runner import Play, Progress, SimulationRuns
from shared.errors import WaslaError

log = structlog.get_logger(__name__)


class SimulationStatus(msgspec.Struct, frozen=True):
    """``progress`` is that of the last one, also when it has ended; ``failure`` why it ended early, if it did."""

    running: bool
    speed: float | None
    progress: Progress | None
    failure: str | None


class Simulation:
    """At most one runs; :meth:`close` ends it."""

    def __init__(self, database: StationDatabase) -> None:
        self._database = database
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._play: Play | None = None
        self._speed: float | None = None
        self._failure: str | None = None

    @property
    def status(self) -> SimulationStatus:
        """How far it is."""
        progress = self._play.progress if self._play is not None else None
        return SimulationStatus(self._is_running, self._speed, progress, self._failure)

    @property
    def _is_running(self) -> bool:
        return self._task is not None and not self._task.done()

    async def start(self, *, speed: float, seed: int, until: str | None) -> None:
        """Begin a day; raise SimulationRuns where one runs, here or elsewhere in this database."""
        if self._is_running:
            raise SimulationRuns("a simulation runs already: stop it first")
        self._stop, self._failure, self._play = asyncio.Event(), None, None
        self._speed = speed
        claimed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._run(speed, seed, until, claimed))
        await claimed

    async def stop(self) -> None:
        """End it after the act under way. Idempotent."""
        self._stop.set()
        if self._task is not None:
            await asyncio.wait([self._task])

    async def close(self) -> None:
        """End it at once."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self, speed: float, seed: int, until: str | None, claimed: asyncio.Future[None]) -> None:
        steps = up_to(busiest_day(seed), until)
        try:
            async with self._database.connection(timeout=None) as connection:
                self._play = Play(connection, steps, speed=speed or math.inf, stop=self._stop)
                await self._play.claim()
                claimed.set_result(None)
                log.info("simulation started", speed=speed, seed=seed)
                await self._play.run()
        except WaslaError as error:
            if not claimed.done():
                claimed.set_exception(error)
                return
            self._failure = str(error)
            log.warning("simulation ended early", reason=self._failure)
        except Exception:
            self._failure = "an unforeseen error; see the monitor's log"
            log.exception("simulation ended by an unforeseen error")
        else:
            log.info("simulation ended", changes=self._play.progress.changes)
        finally:
            if not claimed.done():
                claimed.cancel()
