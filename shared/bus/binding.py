"""Which of the bus's addresses a listener on this machine opens.

The same WASLA_BUS_CONNECT on every machine names all listeners; the one that is this machine's own is found by asking
the kernel, so that no machine needs a setting that differs from the others'.
"""

from __future__ import annotations

import socket
from collections.abc import Callable

from shared.bus.addresses import Address, IpcAddress, parse_address, parse_addresses
from shared.errors import ConfigurationError


def is_own(host: str) -> bool:
    """Tell whether a literal IP address is one of this machine's.

    The kernel answers without sending anything: to reach an address of its own it would send from that very address.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((host, 9))
        except OSError:
            return False
        return bool(probe.getsockname()[0] == probe.getpeername()[0])


def bind_address(bind: str | None, connect: str, *, owned: Callable[[str], bool] = is_own) -> Address:
    """Return ``bind``, or else the one address of ``connect`` that is this machine's; raise ConfigurationError."""
    if bind is not None:
        return parse_address(bind)
    own = [address for address in parse_addresses(connect) if _is_of_this_machine(address, owned)]
    if len(own) == 1:
        return own[0]
    found = " and ".join(address.text for address in own) or "none"
    raise ConfigurationError(
        f"expected one address of WASLA_BUS_CONNECT ({connect}) to be this machine's, found {found}; correct it, or "
        "set WASLA_BUS_BIND (host names are not looked up)"
    )


def _is_of_this_machine(address: Address, owned: Callable[[str], bool]) -> bool:
    return isinstance(address, IpcAddress) or address.local or (address.literal and owned(address.host))
