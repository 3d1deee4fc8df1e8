"""Work of strangers leaves the loop to others after a few pieces, and keeps its order."""

from __future__ import annotations

import asyncio

from services.gateway.turns import Turns


async def test_a_few_in_each_turn_in_the_order_asked_for() -> None:
    turns, done = Turns(3), []
    for number in range(8):
        turns.ask(lambda number=number: done.append(number))  # type: ignore[misc]
    assert len(turns) == 8
    seen = []
    while turns:
        await asyncio.sleep(0)
        seen.append(list(done))
    assert seen == [[0, 1, 2], [0, 1, 2, 3, 4, 5], list(range(8))]


async def test_what_asks_again_goes_to_the_end() -> None:
    turns, done = Turns(2), []

    def twice() -> None:
        done.append("first half")
        turns.ask(lambda: done.append("second half"))

    turns.ask(twice)
    turns.ask(lambda: done.append("other"))
    while turns:  # noqa: ASYNC110 - going round the loop is what is tested
        await asyncio.sleep(0)
    assert done == ["first half", "other", "second half"]
