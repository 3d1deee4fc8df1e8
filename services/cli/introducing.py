"""How a command introduces itself: with the client key, and to this machine's own ports by their very certificate."""

from __future__ import annotations

import http.client
from urllib.parse import urlsplit

from services.cli.places import resolve
from services.monitor.settings import MonitorSettings
from shared.access.own_tools import Introduction, introduction


def in_project(settings: MonitorSettings) -> MonitorSettings:
    """Return the settings with the data directory as the services see it."""
    return settings.model_copy(update={"data_dir": resolve(settings.data_dir)})


def own() -> Introduction:
    """Return what this machine's own ports are met with; raise ConfigurationError for a file that cannot be used."""
    return introduction(in_project(MonitorSettings.load()))


def to_gateway(url: str) -> Introduction:
    """Return what the gateway at *url* is met with: another machine's has to prove its name, like any server's."""
    settings = in_project(MonitorSettings.load())
    found = introduction(settings)
    is_own = urlsplit(url).netloc == urlsplit(settings.probe_url).netloc
    return found if is_own and url.startswith("wss:") else Introduction(found.token)


def own_port(host: str, port: int | None, timeout: float) -> http.client.HTTPConnection:
    """Return a connection, not opened yet, to a port of this machine's that speaks HTTP."""
    tls = own().tls
    if tls is None:
        return http.client.HTTPConnection(host, port, timeout=timeout)
    return http.client.HTTPSConnection(host, port, timeout=timeout, context=tls)
