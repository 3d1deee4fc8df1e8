"""From settings to the door: which keys are asked for, and whether the address may be opened with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from services.gateway.access.admission import Door
from services.gateway.access.claims import Tokens
from services.gateway.settings import GatewaySettings
from shared.access.client_key import client_key
from shared.access.exposure import is_loopback, refuse_exposed
from shared.errors import ConfigurationError

if TYPE_CHECKING:
    from services.gateway.access.token_desk import TokenDesk

log = structlog.get_logger(__name__)


def door(settings: GatewaySettings, tokens: Tokens | None) -> Door:
    """Return the door; raise ConfigurationError where it may not be opened so."""
    refuse_exposed(settings.host, "WASLA_HOST", settings)
    key = client_key(settings)
    if tokens is not None and key is None:
        raise ConfigurationError(
            "WASLA_TOKEN_KEYS: beside tokens, this machine's own tools (the probe, wasla tail) need a client key, and "
            "there is none; make one with wasla keys --only clients"
        )
    if settings.allow_anonymous and not is_loopback(settings.host):
        log.warning("anybody may connect without a key or token", host=settings.host, setting="WASLA_ALLOW_ANONYMOUS")
    return Door(key, settings.allow_anonymous, tokens)


def token_desk(settings: GatewaySettings) -> TokenDesk | None:
    """Return what checks tokens, None where none are taken."""
    if settings.token_keys is None:
        return None
    from services.gateway.access.token_desk import TokenDesk  # noqa: PLC0415 - 10 MiB of no use without tokens

    return TokenDesk(settings)
