"""Ends a process whose event loop stands still, so that supervisord replaces it; the trace says where it was stuck.

A dead process is replaced because supervisord sees it end. One whose loop is held by an endless computation or a
call that blocks does nothing and does not end, and the monitor may be that one. So every process looks after itself,
in two ways, for a loop can stand still in two ways:

- *Blocked, or busy in Python.* A thread looks at short intervals whether the loop has turned since. It counts its own
  looks, not the clock: a process that was stopped as a whole (SIGSTOP, a frozen machine, one that swaps) has made no
  looks either and goes on afterwards.
- *Busy in a C call that does not let other threads run* (a pattern that backtracks without end). No thread of ours
  would ever look, so each turn of the loop also winds up a timer of this process's processor time (setitimer(2),
  ITIMER_PROF): its signal prints the trace without Python's help and ends the process.
"""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable
from typing import Final

EX_WEDGED: Final = 70
"""Exit code after a standstill (``EX_SOFTWARE`` of ``sysexits.h``); a busy C call ends by SIGPROF instead."""

BUSY_SHARE: Final = 1.25
"""What the timer of processor time is given more than the thread, which says more when it can run."""

LOOKS: Final = 20
"""Looks at the loop within the timeout: the standstill is noticed at most one look late."""


@contextlib.asynccontextmanager
async def watched(process: str, timeout: float) -> AsyncIterator[None]:
    """Watch the running loop of ``process`` for the length of the block; ``timeout`` in seconds."""
    dog = Watchdog(timeout / LOOKS, LOOKS, lambda: _end(process, timeout))
    pulse = asyncio.create_task(_pulse(dog, timeout))
    dog.start()
    try:
        yield
    finally:
        dog.stop()
        pulse.cancel()
        await asyncio.wait([pulse])


class Watchdog(threading.Thread):
    """Calls ``bite`` once when it has looked ``looks`` times, ``interval`` seconds apart, and nothing had turned."""

    def __init__(self, interval: float, looks: int, bite: Callable[[], None]) -> None:
        super().__init__(name="watchdog", daemon=True)
        self._interval = interval
        self._looks = looks
        self._bite = bite
        self._has_turned = True
        self._stopped = threading.Event()

    def turn(self) -> None:
        """The loop has turned."""
        self._has_turned = True

    def stop(self) -> None:
        """Look no more."""
        self._stopped.set()

    def run(self) -> None:
        """Look, until stopped or until it has bitten."""
        in_vain = 0
        while not self._stopped.wait(self._interval):
            has_turned, self._has_turned = self._has_turned, False
            in_vain = 0 if has_turned else in_vain + 1
            if in_vain >= self._looks:
                self._bite()
                return


async def _pulse(dog: Watchdog, timeout: float) -> None:
    """Say that the loop turns, as often as it is looked at, until cancelled."""
    faulthandler.register(signal.SIGPROF, all_threads=True, chain=True)
    try:
        while True:
            dog.turn()
            signal.setitimer(signal.ITIMER_PROF, BUSY_SHARE * timeout)
            await asyncio.sleep(timeout / LOOKS)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        faulthandler.unregister(signal.SIGPROF)


def _end(process: str, timeout: float) -> None:
    """Say why and where, and end at once: no handler, buffer or lock of a process that hangs may hold that up."""
    signal.alarm(1)  # its default action ends the process, should nobody read what is written here
    sentence = f"{process} ends to be replaced: its event loop stood still for {timeout:g} s, at:\n"
    os.write(sys.stderr.fileno(), sentence.encode())
    faulthandler.dump_traceback(all_threads=True)
    os._exit(EX_WEDGED)
