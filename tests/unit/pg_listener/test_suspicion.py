"""The culprit is found in a number of drains that grows with the logarithm of the batch, and nobody else is marked."""

from __future__ import annotations

import pytest

from services.pg_listener.suspicion import Suspicion


def work_off(rows: int, whole: int, poisonous: set[int]) -> tuple[list[int], int]:
    """Return the rows that were marked, and how many drains that took."""
    suspicion = Suspicion(whole)
    place, drains, marked = 0, 0, []
    while place < rows:
        drains += 1
        taken = [1] if suspicion.mark else range(min(suspicion.limit, rows - place))
        batch = {place + offset for offset in range(len(taken))}
        if suspicion.mark:
            marked.append(place)
        elif batch & poisonous:
            assert suspicion.failed()
            continue
        place += len(batch)
        suspicion.drained(len(batch))
    assert suspicion.limit == whole
    return marked, drains


@pytest.mark.parametrize("whole", [1, 2, 7, 1000])
@pytest.mark.parametrize("place", [0, 1, 500, 998, 999])
def test_one_culprit(whole: int, place: int) -> None:
    marked, drains = work_off(1000, whole, {place})
    assert marked == [place]
    assert drains <= 1000 / whole + 3 * whole.bit_length() + 3


def test_many_culprits() -> None:
    poisonous = set(range(0, 300, 7)) | {41, 42, 43}
    marked, _ = work_off(300, 64, poisonous)
    assert marked == sorted(poisonous)


def test_a_failure_that_passes_by_itself_is_forgotten() -> None:
    suspicion = Suspicion(100)
    suspicion.failed()
    for _ in range(2):
        assert (suspicion.limit, suspicion.mark) == (50, False)
        suspicion.drained(50)
    assert suspicion.limit == 100
    suspicion.failed()
    suspicion.drained(0)
    assert suspicion.limit == 100


def test_when_even_a_mark_fails_there_is_nothing_left_to_try() -> None:
    suspicion = Suspicion(1)
    assert suspicion.failed()
    assert suspicion.mark
    assert not suspicion.failed()
