"""What an attack is aimed at, and for how long. Plain values: an attack runs in a process of its own."""

from __future__ import annotations

from dataclasses import dataclass

ATTACKER = "127.0.0.66"
"""Where attackers come from: another address than everybody else's, as from another machine."""

HONEST = "honest"
"""The destination to which the honest clients' seller sells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """Tokens as attackers come by them: each was signed, or made up, by somebody."""

    forged: dict[str, str]
    good: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One running product. ``seconds`` is how long an attack that could go on for ever does.

    ``port`` and ``tls_port`` are gateways', ``bus_port`` that of what is published, the next one that of requests.
    """

    port: int
    tls_port: int
    status_port: int
    bus_port: int
    heartbeat_port: int
    database_url: str
    tokens: Tokens
    seconds: float

    @property
    def gateway_url(self) -> str:
        """The gateway without TLS."""
        return f"ws://127.0.0.1:{self.port}"

    @property
    def status_url(self) -> str:
        """The status page."""
        return f"http://127.0.0.1:{self.status_port}"
