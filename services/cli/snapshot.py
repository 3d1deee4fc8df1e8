"""One look at the monitor: its status, and the gateways' own figures beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from services.cli.gateways import Gateway, read_gateways
from services.cli.monitor_page import TIMEOUT, NotTheMonitor, address, fetch_metrics, fetch_status, read_status
from services.monitor.status import Status


@dataclass(frozen=True, slots=True)
class Snapshot:
    """``body`` is the monitor's own text of ``status``."""

    body: bytes
    status: Status
    gateways: list[Gateway]

    @property
    def top_seq(self) -> int:
        """The newest event that any listener tells of."""
        return max((line.top_seq for line in self.status.lines), default=0)

    def fields(self) -> dict[str, Any]:
        """Return everything as one JSON object: the monitor's fields, then ``gateways``."""
        return {**msgspec.json.decode(self.body, type=dict[str, Any]), "gateways": self.gateways}


def look(authority: str, timeout: float = TIMEOUT) -> Snapshot:
    """Ask the monitor at ``host:port``; raise PeerUnreachable or NotTheMonitor."""
    body = fetch_status(authority, timeout)
    status = read_status(body, authority)
    try:
        gateways = read_gateways(fetch_metrics(authority, timeout))
    except ValueError as error:
        raise NotTheMonitor(f"expected the monitor's metrics at {address(authority)}, but {error}") from None
    return Snapshot(body, status, gateways)
