"""Seeded choices: the only source of randomness here."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final, TypeVar

T = TypeVar("T")

FEW: Final = (0, 1, 1, 1, 2, 2, 3, 5, 8)


class Chance:
    """What one input is made by; the same *seed* makes the same input.

    Most inputs are ``strict``: well-formed as text, whatever they say, so that they come deep into what reads them.
    """

    def __init__(self, seed: str) -> None:
        self.random = random.Random(seed)
        self.strict = self.happens(0.7)

    def happens(self, probability: float) -> bool:
        return self.random.random() < probability

    def below(self, limit: int) -> int:
        """Return a number from 0 to *limit* - 1, or 0."""
        return int(self.random.random() * limit)

    def between(self, least: int, most: int) -> int:
        return least + self.below(most - least + 1)

    def of(self, choices: Sequence[T]) -> T:
        return choices[self.below(len(choices))]

    def few(self) -> int:
        """Return a small number, mostly one or two."""
        return self.of(FEW)

    def some_bytes(self, count: int) -> bytes:
        return self.random.randbytes(count)

    def slices(self, data: bytes) -> list[bytes]:
        """Return *data* as it may arrive: whole, in a few parts, or byte by byte."""
        if len(data) < 2 or self.happens(0.5):
            return [data]
        if len(data) < 200 and self.happens(0.1):
            return [data[index : index + 1] for index in range(len(data))]
        cuts = sorted({self.between(1, len(data) - 1) for _ in range(1 + self.few())})
        return [data[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]
