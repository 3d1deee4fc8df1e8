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


def address(authority: str) -> str:
    """Return ``host:port`` as a browser is given it."""
    return f"{'http' if own().tls is None else 'https'}://{authority}"


def _fetch(authority: str, path: str, timeout: float) -> bytes:
    connection = own_port(authority, None, timeout)
    try:
        connection.request("GET", path, headers=own().headers)
        response = connection.getresponse()
        body = response.read()
    except (OSError, http.client.HTTPException) as error:
        raise PeerUnreachable(
            f"no monitor answers at {address(authority)} ({error}); {_perhaps_tls(error)}start it with ./run, "
            "or correct WASLA_STATUS_HOST and WASLA_STATUS_PORT"
        ) from None
    finally:
        connection.close()
    if response.status == http.client.UNAUTHORIZED:
        raise NotTheMonitor(_locked_out(authority))
    if response.status != http.client.OK:
        raise NotTheMonitor(f"expected the monitor's status at {address(authority)}, got HTTP {response.status}")
    return body


def _perhaps_tls(error: Exception) -> str:
    """Return what to try where a port ended a plain conversation: that is how one that speaks TLS answers."""
    if own().tls is None and isinstance(error, http.client.BadStatusLine | ConnectionResetError):
        return "if it speaks https, set WASLA_TLS_CERT and WASLA_TLS_KEY in this terminal, too; "
    return ""


def _locked_out(authority: str) -> str:
    if own().token is None:
        return (
            f"the monitor at {address(authority)} asks for the client key, and there is none here; copy the file that "
            "the monitor reads, or set WASLA_CLIENT_KEY"
        )
    return (
        f"the monitor at {address(authority)} has another client key than this command; have it read a replaced one "
        "with supervisorctl -c supervisord.conf signal HUP monitor, or copy the key that it has"
    )


def read_status(body: bytes, authority: str) -> Status:
    """Return the status in *body*; raise NotTheMonitor where it holds something else."""
    try:
        return msgspec.json.decode(body, type=Status)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotTheMonitor(f"expected the monitor's status at {address(authority)}, but {error}") from None
