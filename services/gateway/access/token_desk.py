"""Tokens as this gateway takes them: the rules by its settings, and the keys kept current."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.gateway.access.key_source import KeySource, checked_place
from services.gateway.access.keyring import Keyring
from services.gateway.access.tokens import TokenCheck, TokenRules
from services.gateway.settings import GatewaySettings

if TYPE_CHECKING:
    from services.gateway.hub import Hub


class TokenDesk(TokenCheck):
    """Checks tokens, once :meth:`open` has read the keys; :meth:`keep_keys` keeps them current."""

    def __init__(self, settings: GatewaySettings) -> None:
        super().__init__(_rules(settings))
        self._source = KeySource(checked_place(settings.token_keys or ""), interval=settings.token_keys_interval)

    async def open(self) -> None:
        """Read the keys; raise ConfigurationError for a file that holds none."""
        self.keys = await self._source.first()

    def want_keys(self) -> None:
        """Have the keys read again, soon."""
        self._source.wanted.set()

    async def keep_keys(self, hub: Hub) -> None:
        """Put every reading in force, and then take up whoever waited for it; for ever."""

        def took(keys: Keyring | None) -> None:
            if keys is not None:
                self.keys = keys
            hub.take_up_postponed()

        await self._source.keep(took)


def _rules(settings: GatewaySettings) -> TokenRules:
    audiences = frozenset(filter(None, (name.strip() for name in settings.token_audience.split(","))))
    return TokenRules(audiences, settings.token_issuer, settings.token_leeway)
