"""``wasla demo``: the busiest day at the station, played on the demo tables and watched arriving."""

from __future__ import annotations

import asyncio
import contextlib
import math
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import msgspec
import typer

from services.cli.addresses import gateway_url
from services.cli.database import url_in_force
from services.cli.exits import Exit
from services.cli.playing import Playing
from services.cli.progress import Work, working
from services.cli.terminal import remark, say, say_coloured, say_json, say_outcome
from services.monitor.settings import MonitorSettings
from services.station.days import Departure, Step, busiest_day, clock, up_to
from services.station.desk import Done
from services.station.runner import Progress
from services.station.settings import StationSettings
from services.station.tally import Summary
from shared.database import describe
from shared.errors import ConfigurationError


def demo(
    *,
    speed: Annotated[
        float,
        typer.Option(
            min=0, metavar="FACTOR", help="Simulated seconds a second: 60 plays the day in 12 minutes, 0 in about 15 s."
        ),
    ] = 60.0,
    until: Annotated[
        str | None, typer.Option("--until", metavar="HH:MM", help="Stop at this time of the simulated day.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="Another seed, another day with the same figures.")] = 1,
    url: Annotated[
        str | None, typer.Option("--url", metavar="URL", help="Another gateway to see the events arrive at.")
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Write to the station's tables of a database of yours, too.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the sum at the end as JSON.")] = False,
) -> None:
    """Play the station's busiest day, in 12 minutes.

    322 departures, about 10,000 changes; whatever waits in the queue leaves first. Ends with what was written and what
    arrived at a WebSocket, and exits 1 where anything is missing. Watch it on the status port's page /station.
    """
    if until is not None and re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", until) is None:
        raise typer.BadParameter(f"expected a time such as 08:30, got {until!r}", param_hint="--until")
    database_url = url_in_force()
    _be_allowed(database_url, yes=yes)
    steps = up_to(busiest_day(seed), until)
    with working("the station opens", len(steps)) as work:
        show = _Show(work, quiet=as_json)
        playing = Playing(url or gateway_url(MonitorSettings.load()), watcher=show.tell)
        progress = asyncio.run(_play(playing, database_url, steps, speed))
    summary = playing.tally.summary()
    was_stopped = playing.stop.is_set()
    if as_json:
        say_json({"stopped": was_stopped, "seed": seed, "speed": speed, "day": progress, **_facts(summary)})
    else:
        _say_sum(progress, summary, was_stopped=was_stopped)
    if was_stopped:
        raise typer.Exit(Exit.INTERRUPTED)
    if summary.missing or summary.repeated:
        raise typer.Exit(Exit.FAILED)


class _Show:
    """What is shown while it plays: how far the day is, and a line for every departure."""

    def __init__(self, work: Work, *, quiet: bool) -> None:
        self._work = work
        self._quiet = quiet
        self._departures = 0

    def tell(self, step: Step | None, done: Done, _committing_at: float) -> None:
        """Show one act that was committed."""
        if step is None:
            return
        if isinstance(step, Departure):
            self._departures += 1
            if not self._quiet:
                say_coloured(_departure_line(step, done), cut=True)
            self._work.now(f"{clock(step.at)} at the station, {self._departures} departures")
        self._work.advance()


def _departure_line(step: Departure, done: Done) -> list[tuple[str, str | None]]:
    left = "full" if done.free_seats == 0 else f"with {done.seats} seats taken"
    return [
        (f"{clock(step.at)}  ", "dim"),
        (f"{done.license_plate:<13}", "bold"),
        (f"left {left} for {done.destination_name.title()}", None),
    ]


async def _play(playing: Playing, database_url: str, steps: list[Step], speed: float) -> Progress:
    with _stopped_by_ctrl_c(playing.stop):
        play = await playing.run(database_url, steps, speed=speed or math.inf)
    return play.progress


@contextmanager
def _stopped_by_ctrl_c(stop: asyncio.Event) -> Iterator[None]:
    """The first Ctrl-C ends the day after the act under way, and the sum is still made; a second one ends all."""
    loop = asyncio.get_running_loop()

    def end() -> None:
        loop.remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        stop.set()

    with contextlib.suppress(ValueError, RuntimeError):  # not the main thread: nobody presses Ctrl-C there
        loop.add_signal_handler(signal.SIGINT, end)
    try:
        yield
    finally:
        with contextlib.suppress(ValueError, RuntimeError):
            loop.remove_signal_handler(signal.SIGINT)


def _be_allowed(database_url: str, *, yes: bool) -> None:
    """Only the demo's own tables are written to without being asked for."""
    if yes or StationSettings.load().is_offered:
        return
    target = describe(database_url)
    if sys.stdin.isatty() and typer.confirm(f"Empty the queue and write a day's bookings to {target}?", err=True):
        return
    raise ConfigurationError(
        f"expected the demo's own database, got {target}: the demo empties the queue and writes bookings there; "
        "say --yes if that is meant, once wasla setup --station has made its tables, or unset WASLA_DATABASE_URL"
    )


def _say_sum(progress: Progress, summary: Summary, *, was_stopped: bool) -> None:
    if was_stopped:
        remark(f"stopped at {clock(progress.at)} of the simulated day")
    say(
        f"departures {progress.departures}, seats sold {progress.seats}, given back {progress.cancellations}, "
        f"acts refused {progress.refused}"
    )
    say(f"written   {summary.written} row changes in {summary.transactions} transactions")
    say(f"received  {summary.received} events over a WebSocket{_latency(summary)}")
    if summary.missing or summary.repeated:
        say_outcome("problem", f"{summary.missing} missing, {summary.repeated} repeated")
    else:
        say_outcome("ok", "nothing missing, nothing repeated")


def _latency(summary: Summary) -> str:
    if summary.latency_p50 is None:
        return ""
    return f", {summary.latency_p50:g} ms after COMMIT in the median, {summary.latency_p99:g} ms at the 99th percentile"


def _facts(summary: Summary) -> dict[str, Any]:
    facts: dict[str, Any] = msgspec.to_builtins(summary)
    latency = {name.removeprefix("latency_"): facts.pop(name) for name in list(facts) if name.startswith("latency_")}
    return {**facts, "latency_ms": latency}
