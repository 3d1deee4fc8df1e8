"""What a target is, and what it says when something is wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from tests.fuzz.chance import Chance

Input = list[bytes]
"""One input: what comes, in the parts in which it comes."""


class Broken(AssertionError):
    """What must never happen has happened; the text says what."""


class Subject(Protocol):
    """A parser and what stands around it, ready to be fed."""

    async def feed(self, given: Input) -> str:
        """Take one input and return a word for what came of it. Any exception is a finding."""

    def held(self) -> int:
        """Return how many things are kept; the same between inputs, however many there were."""


class Stateless:
    """A subject that is one function."""

    def __init__(self, parse: Callable[[Input], str]) -> None:
        self._parse = parse

    async def feed(self, given: Input) -> str:
        return self._parse(given)

    def held(self) -> int:
        return 0


@dataclass(frozen=True)
class Target:
    """One thing to be fuzzed. ``share`` weighs how many of all inputs it gets, ``about`` is its row of the report."""

    name: str
    about: str
    make: Callable[[Chance], Input]
    open: Callable[[], AbstractAsyncContextManager[Subject]]
    share: float = 1.0


def stateless(parse: Callable[[Input], str]) -> Callable[[], AbstractAsyncContextManager[Subject]]:
    """Return what opens a subject that is one function."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Subject]:
        yield Stateless(parse)

    return opened
