"""Where somebody comes from, as the settings see it: behind which proxies, and whether addresses are counted at all.

Used by every port that limits by address. Raises ConfigurationError for settings that name no network.
"""

from __future__ import annotations

from collections.abc import Sequence

from shared.access.addresses import Address, Networks, address, site
from shared.access.forwarding import Proxies
from shared.access.settings import AccessSettings
from shared.settings import variable


class Sources:
    """``header`` is the one in which trusted proxies say whom they speak for."""

    def __init__(self, settings: AccessSettings) -> None:
        self._unlimited = Networks.of(variable("unlimited_addresses"), settings.unlimited_addresses)
        trusted = Networks.of(variable("trusted_proxies"), settings.trusted_proxies)
        self._proxies = Proxies(trusted, settings.forwarded_header)

    @property
    def header(self) -> str:
        """The name of that header."""
        return self._proxies.header

    def is_proxy(self, peer: str | None) -> bool:
        """Tell whether a connection from *peer* speaks for somebody else."""
        found = address(peer or "")
        return found is not None and found in self._proxies.trusted

    def client(self, peer: str | None, lines: Sequence[str]) -> Address | None:
        """Return the client's address; *lines* are its request's headers of that name. None where there is none."""
        found = address(peer or "")
        return None if found is None else self._proxies.client(found, lines)

    def counted_as(self, client: Address | None) -> int | None:
        """Return the site that a client counts under, None for under nothing."""
        return None if client is None or client in self._unlimited else site(client)
