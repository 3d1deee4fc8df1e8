"""The monitor's ``/status.json`` and ``/metrics``, fetched and read. Blocks for at most a timeout a step."""

from __future__ import annotations

import http.client

import msgspec

from services.cli.errors import PeerUnreachable
from services.cli.introducing import own, own_port
from services.monitor.status import Status
from shared.errors import WaslaError

TIMEOUT = 5.0


class NotTheMonitor(WaslaError):
    """Something answered at the monitor's address that is not the monitor."""


def fetch_status(authority: str, timeout: float = TIMEOUT) -> bytes:
    """Return the text of ``/status.json`` from ``host:port``; raise PeerUnreachable or NotTheMonitor."""
    return _fetch(authority, "/status.json", timeout)


def fetch_metrics(authority: str, timeout: float = TIMEOUT) -> bytes:
    """Return the text of ``/metrics`` from ``host:port``; raise PeerUnreachable or NotTheMonitor."""
    return _fetch(authority, "/metrics", timeout)


def _fetch(authority: str, path: str, timeout: float) -> bytes:
    connection = own_port(authority, None, timeout)
    try:
        connection.request("GET", path, headers=own().headers)
        response = connection.getresponse()
        body = response.read()
    except (OSError, http.client.HTTPException) as error:
        raise PeerUnreachable(
            f"no monitor answers at http://{authority} ({error}); start it with ./run, "
            "or correct WASLA_STATUS_HOST and WASLA_STATUS_PORT"
        ) from None
    finally:
        connection.close()
    if response.status != http.client.OK:
        raise NotTheMonitor(f"expected the monitor's status at http://{authority}, got HTTP {response.status}")
    return body


def read_status(body: bytes, authority: str) -> Status:
    """Return the status in *body*; raise NotTheMonitor where it holds something else."""
    try:
        return msgspec.json.decode(body, type=Status)
    except msgspec.DecodeError as error:
        raise NotTheMonitor(f"expected the monitor's status at http://{authority}, but {error}") from None
