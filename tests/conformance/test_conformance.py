"""The gateway keeps RFC 6455, case by case, over bare sockets.

The numbers are those of the families that the Autobahn test suite made usual: 1 framing, 2 pings, 3 reserved bits,
4 opcodes, 5 fragmentation, 6 UTF-8, 7 closing, 9 limits, 10 division, 12 and 13 compression.
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from services.gateway.service import Gateway
from tests.conformance import closing, framing, limits, utf8
from tests.conformance.case import Answer, Case, answers_in
from tests.conformance.raw_client import websocket
from tests.fuzz import wire

CASES = [*framing.CASES, *utf8.CASES, *closing.CASES, *limits.CASES]

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_case(gateway: Gateway, case: Case) -> None:
    async with websocket(gateway.port) as client:
        await client.send(*case.sent)
        if not case.closes:
            await client.send(wire.frame(wire.PING, b"the end"))
        answers = list(answers_in(await client.frames_until_end()))
    for kinds in ({"pong"}, {"echo", "error", "close"}):  # a pong may overtake a message and be overtaken
        assert told(answers, kinds) == told(case.answers, kinds), f"RFC 6455 section {case.clause}"


def told(answers: Iterable[Answer], kinds: set[str]) -> list[Answer]:
    """Return the answers of these kinds, in their order."""
    return [answer for answer in answers if answer[0] in kinds]
