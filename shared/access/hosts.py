"""Which hosts a browser may name, and which pages may connect. Pure.

A page of any site can open a WebSocket to this machine (RFC 6455 section 10.2): only its ``Origin`` tells. Comparing
that with ``Host`` alone is not enough, since whoever owns a name can let it point here (DNS rebinding), and both then
say that name. So ``Host`` must be one that this machine is known by: loopback, the address the connection came to, or
a name of WASLA_ALLOWED_HOSTS. Who sends no Origin is no page.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from shared.access.exposure import is_loopback


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is allowed beside what is known by itself: hosts without ports, origins as browsers write them."""

    hosts: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()

    @classmethod
    def of(cls, *hosts: str | None, origins: str | None = None) -> Surroundings:
        """Read settings: names separated by commas, and None for nothing."""
        names = (name.strip().rstrip(".").lower() for text in hosts for name in (text or "").split(","))
        pages = (origin.strip().rstrip("/").lower() for origin in (origins or "").split(","))
        return cls(frozenset(filter(None, names)), frozenset(filter(None, pages)))

    def knows(self, host: str | None, local_address: str | None) -> bool:
        """Tell whether a ``Host`` header (a host, perhaps with a port) means this machine."""
        name = host_name(host)
        if name is None:
            return False
        return is_loopback(name) or name in self.hosts or _is_address(name, local_address)

    def admits(self, origins: Sequence[str], host: str | None, local_address: str | None) -> bool:
        """Tell whether a page may connect; *origins* are the request's ``Origin`` headers, at most one."""
        if not origins:
            return True
        if len(origins) > 1:
            return False
        origin = origins[0].lower()
        return origin in self.origins or (self.knows(host, local_address) and _is_same_host(origin, host))


def host_name(host: str | None) -> str | None:
    """Return the host of a ``Host`` header in lower case, without port and brackets; None for what is none."""
    if not host:
        return None
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port  # raises for a port that is none
    except ValueError:
        return None
    if parts.path or parts.query or parts.fragment or parts.username is not None:
        return None
    return parts.hostname and parts.hostname.rstrip(".")


def _is_same_host(origin: str, host: str | None) -> bool:
    """Tell whether a page came from *host*, by whatever port; this machine's loopback names are one host."""
    scheme, separator, place = origin.partition("://")
    page, named = host_name(place), host_name(host)
    if scheme not in {"http", "https"} or not separator or page is None or named is None:
        return False
    return page == named or (is_loopback(page) and is_loopback(named))


def _is_address(name: str, local_address: str | None) -> bool:
    try:
        own = ipaddress.ip_address(local_address or "")
        named = ipaddress.ip_address(name)
    except ValueError:
        return False
    mapped = own.ipv4_mapped if isinstance(own, ipaddress.IPv6Address) else None
    return named in (own, mapped)
