"""What happens in a round, drawn from a seed: the same seed gives the same transactions and the same faults. Pure."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from tests.oracle.tables import KEYS, RENUMBERED


class Act(Enum):
    """What a step of a transaction does."""

    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"
    REKEY = "rekey"
    TRUNCATE = "truncate"
    SAVEPOINT = "savepoint"
    ROLLBACK_TO = "rollback to"
    RELEASE = "release"
    LINGER = "linger"


@dataclass(frozen=True, slots=True)
class Step:
    """One statement; ``keys`` are numbers from which the table's keys are made, ``salt`` chooses the values."""

    act: Act
    table: str = ""
    keys: tuple[int, ...] = ()
    salt: int = 0
    seconds: float = 0.0


class Ending(Enum):
    """How a transaction ends."""

    COMMIT = "commit"
    ROLLBACK = "rollback"
    PREPARE = "prepare, commit later"
    PREPARE_ROLLBACK = "prepare, roll back later"


@dataclass(frozen=True, slots=True)
class Transaction:
    """Steps of one writer; ``number`` is its own in the whole run."""

    number: int
    steps: tuple[Step, ...]
    ending: Ending
    pause: float


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of a kind; ``choice`` picks its victim, ``seconds`` is how long it lasts, ``pause`` before the next."""

    kind: str
    choice: int
    seconds: float
    pause: float


@dataclass(frozen=True, slots=True)
class Round:
    """What the writers do until the faults are over; writers begin again with fresh numbers if they are done first."""

    number: int
    faults: tuple[Fault, ...]


SPACE: Final = {"accounts": 200, "orders": 150, "lines": 600, "readings": 3000, RENUMBERED: 40}
"""How many keys a table may hold, so that what it holds stays small and concurrent writers meet."""

MAX_TRANSACTIONS: Final = 10_000_000


def plan_faults(seed: int, number: int, kinds: Sequence[str], count: int) -> Round:
    """Draw a round's faults: every kind in turn, shuffled anew each time all have had theirs."""
    rng = random.Random(f"{seed}/faults")
    deck: list[str] = []
    drawn: list[Fault] = []
    while len(drawn) < (number + 1) * count:
        if not deck:
            deck = list(kinds)
            rng.shuffle(deck)
        fault = Fault(deck.pop(), rng.randrange(1 << 30), rng.uniform(0.3, 2.5), rng.uniform(0.1, 1.2))
        drawn.append(fault)
    return Round(number, tuple(drawn[-count:]))


def plan_transaction(seed: int, number: int, *, two_phase: bool) -> Transaction:
    """Draw one transaction."""
    rng = random.Random(f"{seed}/{number}")
    steps: list[Step] = []
    for _ in range(rng.choice((1, 1, 1, 2, 3, 5))):
        steps += _steps(rng)
    if rng.random() < 0.05:
        steps.insert(rng.randrange(len(steps) + 1), Step(Act.LINGER, seconds=rng.uniform(0.2, 2.5)))
    endings = [Ending.COMMIT] * 16 + [Ending.ROLLBACK] * 2
    if two_phase:
        endings += [Ending.PREPARE, Ending.PREPARE, Ending.PREPARE_ROLLBACK]
    return Transaction(number, tuple(steps), rng.choice(endings), rng.expovariate(30.0))


def _steps(rng: random.Random) -> list[Step]:
    if rng.random() > 0.12:
        return [_step(rng)]
    undone = Act.ROLLBACK_TO if rng.random() < 0.5 else Act.RELEASE
    return [Step(Act.SAVEPOINT), *(_step(rng) for _ in range(rng.randrange(1, 4))), Step(undone)]


def _step(rng: random.Random) -> Step:
    salt = rng.randrange(1, 1 << 20)
    draw = rng.random()
    if draw < 0.01:
        return Step(Act.TRUNCATE, "lines")
    if draw < 0.03:
        return Step(Act.REKEY, "readings", _keys(rng, "readings", 20), salt)
    if draw < 0.06:
        return _bulk(rng, salt)
    table = rng.choice(sorted(KEYS))
    act = rng.choice((Act.INSERT, Act.INSERT, Act.UPDATE, Act.UPDATE, Act.DELETE))
    return Step(act, table, _keys(rng, table, rng.choice((1, 1, 2, 8))), salt)


def _bulk(rng: random.Random, salt: int) -> Step:
    act = rng.choice((Act.INSERT, Act.UPDATE, Act.DELETE))
    return Step(act, "readings", _keys(rng, "readings", rng.choice((100, 500, 1500))), salt)


def _keys(rng: random.Random, table: str, count: int) -> tuple[int, ...]:
    return tuple(sorted(rng.sample(range(SPACE[table]), min(count, SPACE[table]))))
