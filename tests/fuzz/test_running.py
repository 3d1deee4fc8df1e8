"""The fuzzer itself: what is wrong is found, made small and made again, and what is kept is noticed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.fuzz import wire
from tests.fuzz.chance import Chance
from tests.fuzz.minimising import minimised
from tests.fuzz.running import ALLOWED_BLOCKS, chance_of, once, run
from tests.fuzz.target import Input, Subject, Target, stateless
from tests.fuzz.targets import TARGETS


def make(chance: Chance) -> Input:
    return [b"begin", bytes(chance.below(256) for _ in range(40)), b"end"]


def stumble(given: Input) -> str:
    if any(b"\xff" in part for part in given):
        raise ZeroDivisionError("there is a byte that nobody can divide by")
    return "well"


STUMBLING = Target("stumbling", "a parser that one byte is too much for", make, stateless(stumble))


async def test_what_is_wrong_is_found_made_small_and_made_again() -> None:
    tally = await run(STUMBLING, 300, seed=1)
    (finding,) = tally.findings.values()
    assert finding.given == [b"\xff"]
    assert finding.kind.startswith("ZeroDivisionError at tests/fuzz/test_running.py:")
    assert tally.inputs == 300
    assert 0 < tally.found[finding.kind] == tally.outcomes["FINDING"] < 300
    again = STUMBLING.make(chance_of(1, STUMBLING, finding.number))
    assert isinstance(await once(STUMBLING, again), ZeroDivisionError)


async def test_what_does_so_in_company_alone_is_left_as_it_is() -> None:
    async def is_again(_: Input) -> bool:
        return False

    assert await minimised([b"whole", b"input"], is_again) == [b"whole", b"input"]


class Hoarding:
    """Keeps what it is fed."""

    def __init__(self) -> None:
        self._kept: list[list[int]] = []

    async def feed(self, given: Input) -> str:
        self._kept.append([1000 + byte for byte in given[1]])
        return "kept"

    def held(self) -> int:
        return len(self._kept)


@asynccontextmanager
async def _hoarding() -> AsyncIterator[Subject]:
    yield Hoarding()


async def test_what_is_kept_is_noticed() -> None:
    tally = await run(Target("hoarding", "keeps everything", make, _hoarding), 500, seed=1)
    assert tally.held_more == 400
    assert tally.growth > ALLOWED_BLOCKS
    assert len(tally.complaints) == 2


def test_the_same_seed_makes_the_same_inputs() -> None:
    for target in TARGETS:
        for number in range(20):
            assert target.make(chance_of(3, target, number)) == target.make(chance_of(3, target, number))


def test_frames_are_read_as_they_are_written() -> None:
    for size in (0, 1, 125, 126, 65_535, 65_536):
        (frame,) = wire.frames(wire.frame(wire.TEXT, bytes(size), mask=None))
        assert frame == wire.Frame(wire.TEXT, bytes(size))
    assert wire.masked(wire.masked(b"payload", b"abcd"), b"abcd") == b"payload"
