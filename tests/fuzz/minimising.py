"""Makes a finding small enough to be read: parts and bytes are left out for as long as the finding stays the same."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from tests.fuzz.target import Input

MAX_TRIES: Final = 400


async def minimised(given: Input, is_again: Callable[[Input], Awaitable[bool]]) -> Input:
    """Return a smaller input that does the same, or *given* itself where it does so only in company."""
    tries = 0

    async def does_so(tried: Input) -> bool:
        nonlocal tries
        tries += 1
        return tries <= MAX_TRIES and await is_again(tried)

    if not await does_so(given):
        return given
    for index in reversed(range(len(given))):
        if await does_so(given[:index] + given[index + 1 :]):
            given = given[:index] + given[index + 1 :]
    for index in range(len(given)):
        given = await _shortened(given, index, does_so)
    return given


async def _shortened(given: Input, index: int, does_so: Callable[[Input], Awaitable[bool]]) -> Input:
    """Leave out ever smaller stretches of one part."""
    width = len(given[index]) // 2
    while width:
        place = 0
        while place < len(given[index]):
            part = given[index]
            tried = [*given[:index], part[:place] + part[place + width :], *given[index + 1 :]]
            if await does_so(tried):
                given = tried
            else:
                place += width
        width //= 2
    return given
