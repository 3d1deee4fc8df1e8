"""The addresses a command talks to, from the settings of the processes that listen there."""

from __future__ import annotations

import ipaddress

from services.monitor.settings import MonitorSettings


def gateway_url(settings: MonitorSettings) -> str:
    """Return where the gateways are reached, the address that the monitor's probe uses too."""
    return settings.probe_url


def status_url(settings: MonitorSettings, path: str = "") -> str:
    """Return the monitor's page or, with *path*, another resource beside it."""
    scheme = "http" if settings.tls_cert is None else "https"
    return f"{scheme}://{authority(settings.status_host, settings.status_port)}{path}"


def authority(host: str, port: int) -> str:
    """Return ``host:port`` as a URL holds it; an address that means every interface is reached over loopback."""
    reachable = reachable_host(host)
    return f"[{reachable}]:{port}" if ":" in reachable else f"{reachable}:{port}"


def reachable_host(host: str) -> str:
    """Return where a process that listens on *host* is reached from this machine."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host or "127.0.0.1"
    if not address.is_unspecified:
        return host
    return "127.0.0.1" if address.version == 4 else "::1"
