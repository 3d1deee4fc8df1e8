"""When the watchdog bites: looks without a turn of the loop, however long they took."""

from __future__ import annotations

import threading

from services.watchdog import Watchdog

PATIENCE = 60.0


class Scene(Watchdog):
    """A dog whose looks the test makes: ``turned`` says for each whether the loop turned before it."""

    def __init__(self, turned: list[bool], looks: int) -> None:
        self.bites = 0
        super().__init__(0.0, looks, self._count)
        self._script = iter(turned)
        self._stopped = self  # type: ignore[assignment]  # asked before each look

    def wait(self, _interval: float) -> bool:
        turned = next(self._script, None)
        if turned:
            self.turn()
        return turned is None

    def _count(self) -> None:
        self.bites += 1


def bites(turned: list[bool], *, looks: int = 3) -> int:
    scene = Scene(turned, looks)
    scene.run()
    return scene.bites


def test_a_loop_that_turns_before_every_look_is_left_alone() -> None:
    assert bites([True] * 100) == 0


def test_a_slow_loop_is_left_alone() -> None:
    assert bites([True, False, False] * 50) == 0


def test_it_bites_once_after_so_many_looks_in_vain() -> None:
    assert bites([True, False, False]) == 0
    assert bites([True, False, False, False]) == 1
    assert bites([True] + [False] * 50) == 1


def test_a_pause_of_the_whole_process_is_one_look() -> None:
    """What lies between two looks does not count: after a pause the loop has its chance to turn."""
    assert bites([True, False, True, False, True]) == 0


def test_it_ends_when_it_is_told_to() -> None:
    bitten = threading.Event()
    dog = Watchdog(1000.0, 1, bitten.set)
    dog.start()
    dog.stop()
    dog.join(PATIENCE)
    assert not dog.is_alive()
    assert not bitten.is_set()
