"""``wasla status`` on a terminal: the same tables, refreshed in place until q or Ctrl-C."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from services.cli.errors import PeerUnreachable
from services.cli.keyboard import Keyboard, keyboard
from services.cli.snapshot import Snapshot, look
from services.cli.status_lines import (
    GATEWAY_HEADERS,
    LINE_HEADERS,
    PROCESS_HEADERS,
    STYLES,
    gateway_rows,
    indicators,
    line_rows,
    process_rows,
    throughput,
)
from services.cli.terminal import outcomes, ruled
from services.cli.throughput import Rates, Throughput

PATIENCE = 2.0
"""Seconds for one answer of the monitor; meanwhile no key is read."""


def watch_status(authority: str, interval: float) -> bool:
    """Show the status until somebody has seen enough; return whether changes were delivered in time at the last look.

    The first look raises PeerUnreachable where no monitor answers; one that goes away later is waited for.
    """
    screen = _Screen(authority)
    console = Console(highlight=False)
    live = Live(screen.framed, console=console, screen=True, auto_refresh=False)
    former = signal.signal(signal.SIGTERM, _end)
    try:
        with keyboard() as keys:
            _show_until_quit(screen, live, keys, interval)
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGTERM, former)
    # The screen is the shell's again: what was seen last stays in it.
    console.print(screen.shown)
    return screen.ready


class _Screen:
    """What is on the screen, and what it is made of."""

    def __init__(self, authority: str) -> None:
        self._authority = authority
        self._measured = Throughput()
        self._take(look(authority))

    def look(self) -> None:
        """Look again; a monitor that does not answer is said, above what was seen last."""
        try:
            self._take(look(self._authority, PATIENCE))
        except PeerUnreachable as error:
            self.ready = False
            told = outcomes([("problem", str(error))])
            self.shown = Group(told, Text("what was seen last:", style="dim"), self._last)

    @property
    def framed(self) -> RenderableType:
        """What is shown, with how to leave it."""
        return Group(self.shown, Text("\nq or Ctrl-C ends this", style="dim"))

    def _take(self, seen: Snapshot) -> None:
        rates = self._measured.look(seen.top_seq, seen.gateways, time.monotonic())
        self.ready = seen.status.ready
        self.shown = self._last = _view(seen, rates)


def _show_until_quit(screen: _Screen, live: Live, keys: Keyboard, interval: float) -> None:
    try:
        with _undisturbed():
            live.start(refresh=True)
        while "q" not in keys.pressed(interval).lower():
            screen.look()
            with _undisturbed():
                live.update(screen.framed, refresh=True)
    finally:
        with _undisturbed():
            live.stop()


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Have signals wait while the terminal is written to: half a change of screens would be left to the shell."""
    former = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, former)


def _end(*_: Any) -> None:
    sys.exit(128 + signal.SIGTERM)


def _view(seen: Snapshot, rates: Rates) -> Group:
    status = seen.status
    parts: list[RenderableType] = [outcomes([*indicators(status), ("note", throughput(rates))])]
    for headers, rows in (
        (PROCESS_HEADERS, process_rows(status)),
        (GATEWAY_HEADERS, gateway_rows(seen.gateways)),
        (LINE_HEADERS, line_rows(status)),
    ):
        if rows:
            parts += [Text(), ruled(headers, rows, STYLES)]
    return Group(*parts)
