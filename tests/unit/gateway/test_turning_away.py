"""Whoever is turned away is waited for in small numbers, answered once it has asked, and let go."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from services.gateway.access.turnstile import TurnedAway
from services.gateway.limits import Limit
from services.gateway.turning_away import MAX_WAITING, TurningAway, response

REASON = TurnedAway(Limit.CONNECT_RATE, 7)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as found:
        yield found


def pair(stack: ExitStack) -> tuple[socket.socket, socket.socket]:
    """Return our end and the client's."""
    ours, theirs = socket.socketpair()
    for end in (ours, theirs):
        end.setblocking(False)
        stack.callback(end.close)
    return ours, theirs


async def test_so_many_are_waited_for_and_the_others_hung_up_on(stack: ExitStack) -> None:
    turning_away = TurningAway(asyncio.get_running_loop())
    ends = [pair(stack) for _ in range(MAX_WAITING + 10)]
    for ours, _ in ends:
        turning_away.answer(ours, REASON)
    assert [ours.fileno() < 0 for ours, _ in ends] == [False] * MAX_WAITING + [True] * 10
    turning_away.close()
    assert all(ours.fileno() < 0 for ours, _ in ends)


async def test_who_has_asked_is_answered_and_makes_room(stack: ExitStack) -> None:
    loop = asyncio.get_running_loop()
    turning_away = TurningAway(loop)
    for _ in range(3 * MAX_WAITING):
        ours, theirs = pair(stack)
        turning_away.answer(ours, REASON)
        theirs.send(b"GET / HTTP/1.1\r\n\r\n")
        async with asyncio.timeout(60):
            assert await loop.sock_recv(theirs, 65536) == response(REASON)
            assert await loop.sock_recv(theirs, 65536) == b""


async def test_who_goes_without_asking_is_forgotten(stack: ExitStack) -> None:
    turning_away = TurningAway(asyncio.get_running_loop())
    ours, theirs = pair(stack)
    turning_away.answer(ours, REASON)
    theirs.close()
    async with asyncio.timeout(60):
        while ours.fileno() >= 0:  # noqa: ASYNC110 - going round the loop is what closes it
            await asyncio.sleep(0)


def test_the_answer_is_whole() -> None:
    head, _, body = response(REASON).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 429 Too Many Requests\r\n")
    assert b"\r\nRetry-After: 7\r\n" in head
    assert head.endswith(b"\r\nContent-Length: %d" % len(body))
