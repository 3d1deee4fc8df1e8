"""The busiest day, played whole on a real database."""

from __future__ import annotations

import asyncio
import math
from collections import Counter

from services.station.arrivals import arrive
from services.station.days import (
    CANCELLATIONS,
    VEHICLES,
    WAITING_AT_THE_END,
    Departure,
    busiest_day,
    expected_changes,
)
from services.station.departure_times import DEPARTURES
from services.station.desk import Desk, Done
from services.station.refusals import Refused
from services.station.runner import Play
from services.station.sales import sell
from tests.integration.station.conftest import Desks, rows


async def test_the_whole_day_writes_what_was_planned(desk: Desk) -> None:
    steps = busiest_day(1)
    written: Counter[str] = Counter()

    def note(_step: object, done: Done, _committing_at: float) -> None:
        written[done.tx_id] += done.changes

    play = Play(desk.connection, steps, speed=math.inf, stop=asyncio.Event(), watcher=note)
    await play.claim()
    await play.run()
    progress = play.progress
    assert (progress.done, progress.refused) == (len(steps), 0)
    assert (progress.departures, progress.cancellations) == (DEPARTURES, CANCELLATIONS)
    assert progress.seats == DEPARTURES * 8 + CANCELLATIONS
    assert len(await rows(desk, "vehicle_queue")) == WAITING_AT_THE_END
    assert len(await rows(desk, "day_passes")) == 3 + VEHICLES + WAITING_AT_THE_END
    assert len(await rows(desk, "exit_passes")) == DEPARTURES
    found = await desk.connection.fetch("SELECT xid::text AS tx_id, count(*) FROM wasla.outbox GROUP BY xid")
    assert {row["tx_id"]: row["count"] for row in found} == written
    cleared = 3  # the vehicles that waited when the day began
    assert sum(written.values()) == progress.changes == expected_changes(steps) + cleared


async def test_people_at_the_desk_do_not_stop_the_day(desk: Desk, desks: Desks) -> None:
    """Somebody takes the plan's seats: its acts are refused, counted, and the day goes on to its end."""
    steps = busiest_day(2)[:300]
    clerk = await desks("Guichet 1")
    stop = asyncio.Event()
    play = Play(desk.connection, steps, speed=math.inf, stop=stop)

    async def meddle() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            try:
                if number % 3 == 0:
                    await arrive(clerk, f"{number} MAN 1", "station-moknin")
                await sell(clerk, "station-jemmal", 1)
            except Refused:
                await asyncio.sleep(0)

    meddling = asyncio.create_task(meddle())
    await play.run()
    stop.set()
    await meddling
    assert play.progress.done == len(steps)
    assert play.progress.refused > 0
    taken = await desk.connection.fetch(
        "SELECT q.total_seats - q.available_seats AS taken, coalesce(sum(b.seats_booked), 0) AS sold "
        "FROM vehicle_queue q LEFT JOIN bookings b ON b.queue_id = q.id AND b.booking_status = 'ACTIVE' GROUP BY q.id"
    )
    assert all(row["taken"] == row["sold"] for row in taken)


async def test_it_stops_when_told_to(desk: Desk) -> None:
    stop = asyncio.Event()

    def stop_soon(_step: object, _done: Done, _committing_at: float) -> None:
        if play.progress.done == 10:
            stop.set()

    play = Play(desk.connection, busiest_day(1), speed=math.inf, stop=stop, watcher=stop_soon)
    await play.run()
    assert play.progress.done == 11


async def test_the_rows_carry_the_simulated_time(desk: Desk) -> None:
    steps, today = busiest_day(1)[:3], "SELECT localtimestamp::date::timestamp"
    play = Play(desk.connection, steps, speed=math.inf, stop=asyncio.Event())
    midnights = [await desk.connection.fetchval(today)]
    await play.run()
    entered = await desk.connection.fetch("SELECT entered_at FROM vehicle_queue ORDER BY entered_at LIMIT 1")
    midnights.append(await desk.connection.fetchval(today))  # which may have come meanwhile
    late = [(entered[0]["entered_at"] - midnight).total_seconds() - steps[0].at for midnight in midnights]
    assert min(map(abs, late)) < 0.001


async def test_who_waits_from_before_leaves_first(desk: Desk) -> None:
    await sell(desk, "station-moknin", 3)
    play = Play(desk.connection, [], speed=1.0, stop=asyncio.Event())
    await play.run()
    assert await rows(desk, "vehicle_queue") == []
    assert [row["license_plate"] for row in await rows(desk, "exit_passes")] == ["187 TUN 903"]


async def test_a_vehicle_that_is_full_when_it_ends_still_leaves(desk: Desk) -> None:
    steps = busiest_day(1)
    before_the_first_departure = steps[: next(n for n, step in enumerate(steps) if isinstance(step, Departure))]
    play = Play(desk.connection, before_the_first_departure, speed=math.inf, stop=asyncio.Event())
    await play.run()
    assert "READY" not in [row["status"] for row in await rows(desk, "vehicle_queue")]
    assert [row["queue_id"] for row in await rows(desk, "exit_passes")] == [None]
