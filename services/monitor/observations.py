"""Everything the monitor knows, in one place: the shells write to it, the status is read from it."""

from __future__ import annotations

from dataclasses import dataclass, field

from services.monitor.figures import FigureBook
from services.monitor.history import History
from services.monitor.ledger import Ledger
from services.monitor.lines import Lines
from services.monitor.programs import Program
from services.monitor.roundtrip import RoundTrip


@dataclass(slots=True)
class DatabaseView:
    """The database as the probe's own connection finds it; ``is_up`` is None before the first look.

    ``since`` is Unix seconds, when ``is_up`` last changed; ``reason`` says why it is down; ``looked_at`` is monotonic
    seconds, when it was last looked at. Without the schema wasla it counts as down, and ``is_installed`` tells.
    """

    is_up: bool | None = None
    since: float | None = None
    reason: str | None = None
    looked_at: float | None = None
    is_installed: bool = True

    def found_up(self, at: float) -> bool:
        """Note that it answered; return whether that is news."""
        self.is_installed = True
        return self._note(True, None, at)

    def found_down(self, reason: str, at: float, *, is_installed: bool = True) -> bool:
        """Note that it did not answer, or has not what is needed, and why; return whether that is news."""
        self.is_installed = is_installed
        return self._note(False, reason, at)

    def _note(self, is_up: bool, reason: str | None, at: float) -> bool:
        is_news = self.is_up is not is_up
        if is_news:
            self.is_up, self.since = is_up, at
        self.reason = reason
        return is_news


@dataclass(slots=True)
class WebSocketView:
    """The gateways' port as the probe finds it; ``is_up`` is None before the first try, which ``looked_at`` (monotonic
    seconds) is the time of the last of."""

    is_up: bool | None = None
    reason: str | None = None
    looked_at: float | None = None


@dataclass(slots=True)
class Observations:
    """``programs`` is None where no supervisord is, or as long as it does not answer; ``memory`` is in bytes by
    process, ``gateway_url`` where the probe and the pages find the gateways, ``probe_interval`` in seconds,
    ``bus`` the engines of the bus in use, the one that is read first."""

    machine: str
    ledger: Ledger
    lines: Lines
    round_trip: RoundTrip
    database: DatabaseView
    websocket: WebSocketView
    programs: list[Program] | None = None
    gateway_url: str = "ws://127.0.0.1:8765"
    probe_interval: float = 3.0
    bus: tuple[str, ...] = ("zmq",)
    figures: FigureBook = field(default_factory=FigureBook)
    history: History = field(default_factory=History)
    memory: dict[str, int] = field(default_factory=dict)
