"""Tokens as this gateway takes them: the rules by its settings, and the keys kept current."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from services.gateway.access.key_source import KeySource, checked_place
from services.gateway.access.keyring import Keyring
from services.gateway.access.tokens import TokenCheck, TokenRules
from services.gateway.settings import GatewaySettings
from shared.settings import items

if TYPE_CHECKING:
    from services.gateway.hub import Hub


class TokenDesk(TokenCheck):
    """Checks tokens by the keys that :meth:`keep_keys` keeps current; ``tried`` is set once they were asked for."""

    def __init__(self, settings: GatewaySettings) -> None:
        super().__init__(_rules(settings))
        self.tried = asyncio.Event()
        self._source = KeySource(checked_place(settings.token_keys or ""), interval=settings.token_keys_interval)

    async def open(self) -> None:
        """Read the keys if they lie in a file; raise ConfigurationError for one that holds none."""
        self.keys = await self._source.first()
        if self.keys:
            self.tried.set()

    def want_keys(self) -> None:
        """Have the keys read again, soon."""
        self._source.wanted.set()

    async def keep_keys(self, hub: Hub) -> None:
        """Put every reading in force, and then take up whoever waited for it; for ever."""

        def took(keys: Keyring | None) -> None:
            if keys is not None:
                self.keys = keys
            self.tried.set()
            hub.take_up_postponed(are_read=keys is not None)

        await self._source.keep(hub.gatekeeper.reading_begins, took)


def _rules(settings: GatewaySettings) -> TokenRules:
    return TokenRules(frozenset(items(settings.token_audience)), settings.token_issuer, settings.token_leeway)
