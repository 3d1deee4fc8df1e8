"""Tokens that were forged, are over, or were taken back."""

from __future__ import annotations

import asyncio
from collections import Counter

from tests.attacks.target import Target
from tests.attacks.wire import how_it_ended, message, raw, register
from tests.supervised import DEADLINE

LET_IN = "let in"

TAKEN_BACK = "taken back"
"""The one token that is good by itself: gateways have to hear that it was revoked."""


async def forged_tokens(target: Target) -> Counter[str]:
    """Each of them to register with, and in place of a good one on an open connection."""
    found: Counter[str] = Counter()

    async def try_it(name: str, token: str) -> None:
        while name == TAKEN_BACK and await _present(target, register(token=token), "registered") == LET_IN:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        exchanged = register(token=target.tokens.good) + message("token", {"token": token})
        for end in (
            await _present(target, register(token=token), "registered"),
            await _present(target, exchanged, "token_accepted"),
        ):
            found[f"{name}: {end}" if end == LET_IN else end] += 1

    async with asyncio.timeout(DEADLINE), asyncio.TaskGroup() as tasks:
        for name, token in target.tokens.forged.items():
            tasks.create_task(try_it(name, token))
    return found


async def _present(target: Target, words: bytes, accepted: str) -> str:
    """Say these words and wait for the end, or for the message by which the token is accepted."""
    async with raw(target.port) as connection:
        if not await connection.upgrade():
            return "refused"
        await connection.send(words)
        received = b""
        while piece := await connection.reader.read(65536):
            received += piece
            if f'"{accepted}"'.encode() in received:
                return LET_IN
        return how_it_ended(received)
