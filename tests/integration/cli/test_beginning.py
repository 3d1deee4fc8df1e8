"""``wasla tail`` from the past: after a seq, with the last events, and what it says when they are no longer there."""

from __future__ import annotations

import pytest
from websockets.asyncio.server import ServerConnection

from services.cli import beginning
from shared.positions import Position
from tests.integration.cli.commands import wasla
from tests.integration.cli.scripted import event, gateway, message, registered, says


def position(seq: int) -> str:
    return message("position", epoch="e", seq=seq)


async def test_after_a_seq_of_the_present_history() -> None:
    async with gateway(says(registered(10))) as (url, _):
        assert await beginning.after(url, "test", 4) == Position("e", 4)
        with pytest.raises(beginning.NoSuchBeginning, match="a seq up to 10, the newest one, got 11"):
            await beginning.after(url, "test", 11)


async def test_a_gateway_that_has_just_started_is_asked_again() -> None:
    async with gateway(says(registered(0, epoch="")), says(registered(10))) as (url, openings):
        assert await beginning.after(url, "test", 4) == Position("e", 4)
    assert len(openings) == 2


async def test_the_last_events_are_looked_for_ever_farther_back() -> None:
    near = says(registered(5_900, resumed=True), event(5_990), position(6_000))
    far = says(registered(5_000, resumed=True), *(event(seq) for seq in (5_100, 5_200, 5_300, 5_990)), position(6_000))
    async with gateway(says(registered(6_000)), near, far) as (url, openings):
        assert await beginning.back(url, "test", {"tables": ["bookings"]}, 3) == Position("e", 5_199)
    assert [opening.get("resume", {}).get("seq") for opening in openings] == [None, 5_900, 5_000]
    assert all(opening["subscribe"][0]["tables"] == ["bookings"] for opening in openings[1:])


async def test_what_comes_while_they_are_looked_for_is_not_among_them() -> None:
    there = says(registered(0, resumed=True), event(9), event(10), event(11))
    async with gateway(says(registered(10)), there) as (url, _):
        assert await beginning.back(url, "test", None, 1) == Position("e", 9)


async def test_fewer_than_asked_for_are_all_there_are() -> None:
    async with gateway(says(registered(10)), says(registered(0, resumed=True), event(7), position(10))) as (url, _):
        assert await beginning.back(url, "test", None, 5) == Position("e", 6)


async def test_an_empty_stream_has_no_last_event() -> None:
    async with gateway(says(registered(0))) as (url, _):
        assert await beginning.back(url, "test", None, 5) == Position("e", 0)


async def test_a_log_that_does_not_reach_so_far_back_gives_what_it_has() -> None:
    expired = message("resync", reason="position_expired", tables=None, epoch="e", seq=6_000)
    async with gateway(says(registered(6_000)), says(registered(5_900, resumed=True), expired)) as (url, _):
        assert await beginning.back(url, "test", None, 5) == Position("e", 6_000)


async def test_tail_begins_there_and_goes_on() -> None:
    async with gateway(says(registered(10)), says(registered(4, resumed=True), event(5), event(6))) as (url, openings):
        result = await wasla("tail", "--url", url, "--since", "4", "-n", "2")
    assert result.exit_code == 0, result.output
    assert [line.split()[1] for line in result.stdout.splitlines()] == ["5", "6"]
    assert openings[1]["resume"] == {"epoch": "e", "seq": 4}
    assert f"connected at {url}, gateway g, beginning after seq 4" in result.stderr


async def test_what_goes_on_after_a_loss_is_said_to_be_resumed() -> None:
    first = says(registered(4, resumed=True), event(5), close=4004)
    async with gateway(says(registered(10)), first, says(registered(5, resumed=True), event(6))) as (url, _):
        result = await wasla("tail", "--url", url, "--since", "4", "-n", "2")
    assert f"resumed at {url}, gateway g, seq 5" in result.stderr
    assert result.stderr.count("beginning after") == 1


async def test_what_is_no_longer_there_is_said_loudly() -> None:
    async def expires(connection: ServerConnection, _opening: dict[str, object]) -> None:
        expired = message("resync", reason="position_expired", tables=["bookings"], epoch="e", seq=10)
        for text in (registered(1, resumed=True), expired, event(11)):
            await connection.send(text)
        await connection.wait_closed()

    async with gateway(says(registered(10)), expires) as (url, _):
        result = await wasla("tail", "--url", url, "--since", "1", "-n", "1")
    assert result.exit_code == 0
    assert "RESYNC: events of bookings were missed (position_expired); load it again; going on from seq 10" in (
        result.stderr
    )


async def test_both_beginnings_are_one_too_many() -> None:
    result = await wasla("tail", "--since", "1", "--last", "1")
    assert result.exit_code == 2
    assert "expected --since or --last, got both" in result.stderr
