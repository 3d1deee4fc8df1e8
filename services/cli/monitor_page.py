"""The monitor's ``/status.json``, fetched and read. Blocks for at most :data:`TIMEOUT` seconds a step."""

from __future__ import annotations

import http.client

import msgspec

from services.cli.errors import PeerUnreachable
from services.monitor.status import Status
from shared.errors import WaslaError

TIMEOUT = 5.0


class NotTheMonitor(WaslaError):
    """Something answered at the monitor's address that is not the monitor."""


def fetch_status(authority: str) -> bytes:
    """Return the text of ``/status.json`` from ``host:port``; raise PeerUnreachable or NotTheMonitor."""
    connection = http.client.HTTPConnection(authority, timeout=TIMEOUT)
    try:
        connection.request("GET", "/status.json")
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
