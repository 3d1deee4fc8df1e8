"""How our own tools introduce themselves to this machine's ports: the probe, ``wasla tail``, ``wasla status``."""

from __future__ import annotations

import base64
import ssl
from dataclasses import dataclass, field

from shared.access.client_key import client_key
from shared.access.settings import AccessSettings
from shared.access.tls import pinned_context


@dataclass(frozen=True, slots=True)
class Introduction:
    """``token`` is what goes into ``register``; ``tls`` the context to connect with, None without TLS."""

    token: str | None = field(default=None, repr=False)
    tls: ssl.SSLContext | None = None

    @property
    def headers(self) -> dict[str, str]:
        """The header that the status page asks for, where it asks."""
        if self.token is None:
            return {}
        basic = base64.b64encode(f"wasla:{self.token}".encode()).decode()
        return {"Authorization": f"Basic {basic}"}


def introduction(settings: AccessSettings) -> Introduction:
    """Return what the files say now; raise ConfigurationError for one that cannot be used."""
    key = client_key(settings)
    return Introduction(None if key is None else key.text, pinned_context(settings))
