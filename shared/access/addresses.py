"""Network addresses as limits count them, and lists of networks as settings write them. Pure.

Whoever has one IPv6 address has 2^64 of them: the smallest network that a site is given is a /64 (RFC 4291 section
2.5.4, RFC 6177). So IPv6 is counted by that, and IPv4 by the address. An IPv4 address that is written as IPv6
(::ffff:192.0.2.1) is the IPv4 address.
"""

from __future__ import annotations

import ipaddress
from typing import Final

from shared.errors import ConfigurationError
from shared.settings import items

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

SITE_BITS: Final = 64
_NONE: Final = "none"


def address(text: str) -> Address | None:
    """Return the address that *text* is, None for what is none; a zone (%eth0) is left out."""
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


def site(found: Address) -> int:
    """Return what an address is counted under: a number of its own for IPv4, its /64 for IPv6."""
    # Beyond 2^64 no IPv6 network's number is: the two never meet.
    return (1 << SITE_BITS) + int(found) if found.version == 4 else int(found) >> SITE_BITS


class Networks:
    """Some networks; of two kinds of address, a network holds only its own."""

    def __init__(self, *networks: ipaddress.IPv4Network | ipaddress.IPv6Network) -> None:
        self._networks = networks

    @classmethod
    def of(cls, variable: str, text: str | None) -> Networks:
        """Read a setting, addresses and networks separated by commas; ``none`` and nothing are none.

        Raise ConfigurationError for what is neither, in the name of *variable*.
        """
        return cls(*(_network(variable, item) for item in items(text) if item.lower() != _NONE))

    def __bool__(self) -> bool:
        return bool(self._networks)

    def __contains__(self, found: Address) -> bool:
        return any(found in network for network in self._networks)


def _network(variable: str, text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        raise ConfigurationError(
            f"{variable}: expected addresses or networks like 10.0.0.5 or 10.1.0.0/16, separated by commas, got "
            f"{text!r}; write each without a name or port, and a network with its bits beyond the mask zero"
        ) from None
