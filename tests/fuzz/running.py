"""Feeds a target its inputs and notes what came of them: outcomes, findings, and what is still held at the end."""

from __future__ import annotations

import asyncio
import gc
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.fuzz.chance import Chance
from tests.fuzz.minimising import minimised
from tests.fuzz.target import Input, Subject, Target

ROOT: Final = Path(__file__).resolve().parents[2]
PATIENCE: Final = 60.0
"""Seconds for one input: what takes longer hangs."""

MAX_FINDINGS: Final = 200
"""After so many a target is given up: there is enough to do."""

_TURN_EVERY: Final = 16

ALLOWED_BLOCKS: Final = 5000
"""Memory blocks by which a whole run may end above its warm-up, whatever its length: caches of bounded size."""


@dataclass(frozen=True)
class Finding:
    """An input that must not do what it does; ``kind`` names the exception and the place it came from."""

    target: str
    kind: str
    number: int
    given: Input
    report: str


@dataclass
class Tally:
    """What a target's inputs came to. ``growth`` is in memory blocks, from the end of the warm-up to the end."""

    target: str
    inputs: int = 0
    seconds: float = 0.0
    outcomes: Counter[str] = field(default_factory=Counter)
    findings: dict[str, Finding] = field(default_factory=dict)
    found: Counter[str] = field(default_factory=Counter)
    growth: int = 0
    held_more: int = 0

    @property
    def complaints(self) -> list[str]:
        """Return what is wrong, in sentences; nothing is what is hoped for."""
        said = [f"{self.found[kind]} x {kind}, first: {finding.number}" for kind, finding in self.findings.items()]
        if self.growth > ALLOWED_BLOCKS:
            said.append(f"{self.growth} memory blocks more than after the warm-up")
        if self.held_more:
            said.append(f"{self.held_more} things more are held than before")
        return said


def chance_of(seed: int, target: Target, number: int) -> Chance:
    """Return what makes the input of that number."""
    return Chance(f"{seed}:{target.name}:{number}")


async def run(target: Target, inputs: int, seed: int, advance: Callable[[int], object] = lambda _: None) -> Tally:
    """Feed *target* the inputs 0 to *inputs* - 1 of *seed*; findings do not end the run, unless there are many."""
    tally, begun = Tally(target.name), time.monotonic()
    while tally.inputs < inputs and tally.found.total() < MAX_FINDINGS:
        async with target.open() as subject:
            await _feed_all(target, subject, tally, inputs=inputs, seed=seed, advance=advance)
    tally.seconds = time.monotonic() - begun
    return tally


async def _feed_all(
    target: Target, subject: Subject, tally: Tally, *, inputs: int, seed: int, advance: Callable[[int], object]
) -> None:
    """Feed what is left, up to a finding: that may have left anything behind, so growth says nothing from there on."""
    before = None
    while tally.inputs < inputs:
        number = tally.inputs
        if number == inputs // 5 and not tally.found:
            before = subject.held(), await _blocks()
        is_well = await _feed(target, subject, number, target.make(chance_of(seed, target, number)), tally)
        tally.inputs += 1
        advance(1)
        if tally.inputs % _TURN_EVERY == 0:
            await asyncio.sleep(0)  # what was cancelled is let go of by the loop
        if not is_well:
            return
    if before is not None:
        held, blocks = before
        tally.held_more = max(0, subject.held() - held)
        tally.growth = max(0, await _blocks() - blocks)


async def once(target: Target, given: Input) -> str | Exception:
    """Feed one input to a subject of its own; return the outcome or what was raised."""
    async with target.open() as subject:
        try:
            return await fed(subject, given)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
            return error


async def fed(subject: Subject, given: Input) -> str:
    """Feed one input; raise what it raises, and what it leaves to the loop's handler."""
    loop, uncaught = asyncio.get_running_loop(), []
    loop.set_exception_handler(lambda _, context: uncaught.append(context))
    try:
        async with asyncio.timeout(PATIENCE):
            outcome = await subject.feed(given)
    finally:
        loop.set_exception_handler(None)
    for context in uncaught:
        raise context.get("exception") or RuntimeError(context["message"])
    return outcome


async def _feed(target: Target, subject: Subject, number: int, given: Input, tally: Tally) -> bool:
    try:
        tally.outcomes[await fed(subject, given)] += 1
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
        kind = kind_of(error)
        tally.outcomes["FINDING"] += 1
        tally.found[kind] += 1
        if kind not in tally.findings:
            report = "".join(traceback.format_exception(error))
            smaller = await minimised(given, lambda tried: _is_again(target, tried, kind))
            tally.findings[kind] = Finding(target.name, kind, number, smaller, report)
        return False
    return True


async def _is_again(target: Target, given: Input, kind: str) -> bool:
    came = await once(target, given)
    return isinstance(came, Exception) and kind_of(came) == kind


def kind_of(error: BaseException) -> str:
    """Return the exception's type and the place in the project that it came from."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(ROOT)]
    own = [frame for frame in frames if ".venv" not in frame.filename and "tests/fuzz/running" not in frame.filename]
    place = f" at {Path(own[-1].filename).relative_to(ROOT)}:{own[-1].lineno}" if own else ""
    said = f" ({str(error)[:60]})" if isinstance(error, AssertionError) else ""
    return f"{type(error).__name__}{place}{said}"


async def _blocks() -> int:
    for _ in range(3):
        await asyncio.sleep(0)
    gc.collect()
    return sys.getallocatedblocks()
