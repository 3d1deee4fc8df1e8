"""Two desks at once: the database decides, each is told the truth, and nobody waits for ever."""

from __future__ import annotations

import asyncio

from services.station.arrivals import arrive
from services.station.cancellations import cancel
from services.station.departures import depart, remove
from services.station.desk import Desk, Done
from services.station.refusals import Reason, Refused
from services.station.sales import sell
from tests.integration.station.conftest import Desks, rows

JEMMAL, MOKNIN = "station-jemmal", "station-moknin"


async def both(*acts) -> tuple[list[Done], list[Refused]]:
    outcomes = await asyncio.wait_for(asyncio.gather(*acts, return_exceptions=True), 60)
    refusals = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    done = [outcome for outcome in outcomes if isinstance(outcome, Done)]
    assert len(done) + len(refusals) == len(outcomes), outcomes
    return done, refusals


async def test_two_desks_want_the_last_seat(desks: Desks) -> None:
    first, second = await desks("Guichet 1"), await desks("Guichet 2")
    await sell(first, MOKNIN, 7)
    done, refusals = await both(sell(first, MOKNIN, 1, seen_free=1), sell(second, MOKNIN, 1, seen_free=1))
    assert [one.status for one in done] == ["READY"]
    assert [one.sentence.fr for one in refusals] == ["déjà vendu à l'autre guichet : il ne reste aucune place"]
    assert sum(row["seats_booked"] for row in await rows(first, "bookings")) == 8
    assert len(await rows(first, "exit_passes")) == 1


async def test_the_one_who_waits_gets_the_next_vehicle(desks: Desks) -> None:
    """The first vehicle fills while the second desk waits for its row: the vehicle behind it is taken then."""
    first, second = await desks("Guichet 1"), await desks("Guichet 2")
    await sell(first, JEMMAL, 7)
    done, refusals = await both(sell(first, JEMMAL, 1), sell(second, JEMMAL, 1))
    assert refusals == []
    assert {one.license_plate for one in done} == {"123 TUN 4567", "145 TUN 2210"}


async def test_many_desks_never_sell_a_seat_twice(desks: Desks) -> None:
    crowd: list[Desk] = [await desks(f"Guichet {number}") for number in range(6)]

    async def sell_out(desk: Desk) -> int:
        sold = 0
        while True:
            try:
                sold += (await sell(desk, JEMMAL, 1)).seats
            except Refused:
                return sold

    sold = await asyncio.wait_for(asyncio.gather(*map(sell_out, crowd)), 60)
    assert sum(sold) == 16
    assert len(await rows(crowd[0], "exit_passes")) == 2


async def test_a_sale_and_its_cancellation_cross_a_removal(desks: Desks) -> None:
    first, second, third = [await desks(name) for name in ("Guichet 1", "Guichet 2", "Chef")]
    sold = await sell(first, MOKNIN, 2)
    done, refusals = await both(
        sell(first, MOKNIN, 1), cancel(second, sold.booking_id or ""), remove(third, sold.queue_id)
    )
    assert len(done) >= 1
    assert {one.reason for one in refusals} <= {Reason.NOT_ENOUGH_SEATS, Reason.BOOKING_GONE}
    assert [row for row in await rows(first, "bookings") if row["booking_status"] == "ACTIVE"] == []


async def test_a_vehicle_is_sent_off_once(desks: Desks) -> None:
    first, second = await desks("Guichet 1"), await desks("Guichet 2")
    sold = await sell(first, MOKNIN, 8)
    done, refusals = await both(depart(first, sold.queue_id), depart(second, sold.queue_id))
    assert (len(done), [one.reason for one in refusals]) == (1, [Reason.VEHICLE_GONE])


async def test_a_vehicle_comes_in_once(desks: Desks) -> None:
    first, second = await desks("Guichet 1"), await desks("Guichet 2")
    done, refusals = await both(arrive(first, "9 TUN 9", JEMMAL), arrive(second, "9 TUN 9", MOKNIN))
    assert (len(done), [one.reason for one in refusals]) == (1, [Reason.ALREADY_QUEUED])
    assert len([row for row in await rows(first, "day_passes") if row["license_plate"] == "9 TUN 9"]) == 1
