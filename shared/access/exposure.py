"""Which addresses other machines can reach, and that nothing listens there that lets everybody in unasked."""

from __future__ import annotations

import ipaddress
from typing import Final

from shared.access.client_key import client_key
from shared.access.settings import AccessSettings
from shared.errors import ConfigurationError

LOCALHOST: Final = "localhost"


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches what listens on *host*. A name other than localhost is not looked up."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == LOCALHOST


def refuse_exposed(host: str, variable: str, settings: AccessSettings) -> None:
    """Raise ConfigurationError where other machines reach *host*, as *variable* says, and nobody is asked for a key."""
    if is_loopback(host) or settings.allow_anonymous or client_key(settings) is not None:
        return
    raise ConfigurationError(
        f"{variable}={host} can be reached from other machines, and nothing says who may connect: make a key with "
        f"wasla keys --only clients (clients present it), or keep to this machine with {variable}=127.0.0.1, or let "
        "everybody in with WASLA_ALLOW_ANONYMOUS=1"
    )
