"""How a command introduces itself: with the client key, and to this machine's own ports by their very certificate."""

from __future__ import annotations

import http.client
import ssl
from urllib.parse import urlsplit

from services.cli.places import in_place
from services.monitor.settings import MonitorSettings
from shared.access.exposure import is_loopback
from shared.access.hosts import Surroundings
from shared.access.own_tools import Introduction, introduction
from shared.settings import items

_FILES = ("data_dir", "client_key_file", "tls_cert", "tls_key")


def in_project(settings: MonitorSettings) -> MonitorSettings:
    """Return the settings with the files as the services see them."""
    return in_place(settings, *_FILES)


def own() -> Introduction:
    """Return what this machine's own ports are met with; raise ConfigurationError for a file that cannot be used."""
    return introduction(in_project(MonitorSettings.load()))


def to_gateway(url: str) -> Introduction:
    """Return what the gateway at *url* is met with: another machine's has to prove its name, like any server's.

    The key goes to this installation's machines, and beyond them only where nobody listens on the way.
    """
    settings = in_project(MonitorSettings.load())
    found = introduction(settings)
    if url.startswith("wss:"):
        is_own = urlsplit(url).netloc == urlsplit(settings.probe_url).netloc
        pinned = found.tls if is_own else None
        return Introduction(found.token, pinned or ssl.create_default_context())
    return Introduction(found.token if _is_ours(urlsplit(url).hostname or "", settings) else None)


def withheld(url: str) -> str | None:
    """Return the sentence about the key that the gateway at *url* is not sent, None where it is, or there is none."""
    host = urlsplit(url).hostname or ""
    if to_gateway(url).token is not None or own().token is None:
        return None
    return (
        f"the client key is not sent to {host}, which is not known as a machine of this installation: by ws:// anybody "
        "on the way could read it; use wss://, or name the host in WASLA_ALLOWED_HOSTS"
    )


def _is_ours(host: str, settings: MonitorSettings) -> bool:
    """Tell whether *host* is a machine of this installation: each is named as such somewhere."""
    listeners = (urlsplit(address).hostname for address in items(settings.bus_connect))
    named = {urlsplit(settings.probe_url).hostname, *listeners}
    return is_loopback(host) or host in named or Surroundings.of(settings.allowed_hosts).knows(host, None)


def own_port(host: str, port: int | None, timeout: float) -> http.client.HTTPConnection:
    """Return a connection, not opened yet, to a port of this machine's that speaks HTTP."""
    tls = own().tls
    if tls is None:
        return http.client.HTTPConnection(host, port, timeout=timeout)
    return http.client.HTTPSConnection(host, port, timeout=timeout, context=tls)
