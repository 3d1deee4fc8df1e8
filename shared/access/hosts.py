"""Which hosts a browser may name, and which pages may connect. Pure.

A page of any site can open a WebSocket to this machine (RFC 6455 section 10.2): only its ``Origin`` tells. Comparing
that with ``Host`` alone is not enough, since whoever owns a name can let it point here (DNS rebinding), and both then
say that name. So ``Host`` must be one that this machine is known by: loopback, the address the connection came to, or
a name of WASLA_ALLOWED_HOSTS. Who sends no Origin is no page.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from shared.access.exposure import is_loopback
from shared.errors import ConfigurationError
from shared.settings import items

_NAME: Final = re.compile(r"[a-z0-9._-]+")
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*")
_USUAL_PORTS: Final = {"http": ":80", "https": ":443"}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is allowed beside what is known by itself: hosts without ports, origins as browsers write them."""

    hosts: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()

    @classmethod
    def of(cls, *hosts: str | None, origins: str | None = None) -> Surroundings:
        """Read settings: names separated by commas, and None for nothing; raise ConfigurationError for what is none."""
        names = (_allowed_host(name) for text in hosts for name in items(text))
        return cls(frozenset(names), frozenset(_allowed_origin(page) for page in items(origins)))

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
    if not host or not host.isprintable():  # what splits it would skip tabs
        return None
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port  # raises for a port that is none
    except ValueError:
        return None
    if parts.path or parts.query or parts.fragment or parts.username is not None:
        return None
    name = (parts.hostname or "").rstrip(".")
    return name if _NAME.fullmatch(name) or "[" in host else None


def _allowed_host(text: str) -> str:
    """Return a host as it is compared: without port and brackets, in lower case."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        name = host_name(text)
    if name is None:
        raise ConfigurationError(
            f"WASLA_ALLOWED_HOSTS: expected names of this machine like wasla.station, separated by commas, got "
            f"{text!r}; name each by itself"
        )
    return name


def _allowed_origin(text: str) -> str:
    """Return an origin as browsers write it: in lower case, without a path or a port that goes without saying."""
    origin = text.rstrip("/").lower()
    scheme, separator, place = origin.partition("://")
    if origin == "null" or (separator and scheme not in _USUAL_PORTS and _SCHEME.fullmatch(scheme) and place):
        return origin
    if scheme not in _USUAL_PORTS or host_name(place) is None:
        raise ConfigurationError(
            f"WASLA_ALLOWED_ORIGINS: expected origins like https://pos.example.com, separated by commas, got {text!r}; "
            "name each with its scheme, and without a path"
        )
    return origin.removesuffix(_USUAL_PORTS[scheme])


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
