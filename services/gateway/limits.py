"""What a gateway takes from its clients: every limit by name, and those that one conversation is held to. Pure.

The names are what ``wasla_limits_reached_total`` and the record call them; docs/security.md says for each what sets it,
and what a client meets.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from services.gateway.errors import Slug
from services.gateway.settings import GatewaySettings
from shared.close_codes import CloseCode
from shared.rates import Bucket

RUSH: Final = 2.0
"""Seconds' worth of messages and of bytes that may come at once: a gateway that was held finds as much waiting."""

REQUEST_RUSH: Final = 10.0
"""Seconds' worth of broadcasts that may come at once: a client that was offline has kept some."""


class Limit(StrEnum):
    """A limit that was reached."""

    HANDSHAKE_TIME = "handshake_time"
    REGISTER_TIME = "register_time"
    TLS_HANDSHAKES = "tls_handshakes"
    CONNECTIONS = "connections"
    ADDRESS_CONNECTIONS = "address_connections"
    CONNECT_RATE = "connect_rate"
    MESSAGE_SIZE = "message_size"
    MESSAGES = "messages"
    FRAMES = "frames"
    BYTES = "bytes"
    SUBSCRIPTIONS = "subscriptions"
    CONDITIONS = "conditions"
    REQUESTS = "requests"
    GATEWAY_REQUESTS = "gateway_requests"
    RESUME_RANGE = "resume_range"
    RESUME_RATE = "resume_rate"


BY_CODE: Final = {CloseCode.REGISTER_TIMEOUT: Limit.REGISTER_TIME, CloseCode.MESSAGE_TOO_BIG: Limit.MESSAGE_SIZE}
"""Close codes that say by themselves which limit it was."""

BY_SLUG: Final = {
    Slug.TOO_MANY_SUBSCRIPTIONS: Limit.SUBSCRIPTIONS,
    Slug.TOO_MANY_CONDITIONS: Limit.CONDITIONS,
    Slug.TOO_MANY_REQUESTS: Limit.REQUESTS,
    Slug.GATEWAY_BUSY: Limit.GATEWAY_REQUESTS,
}
"""Errors that tell a client of a limit, and leave its connection open."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one client may ask for; ``asked`` is what all clients of the gateway ask of the bus together."""

    max_subscriptions: int
    max_conditions: int
    max_messages_per_second: int
    max_requests_per_second: int = 20
    max_gateway_requests_per_second: int = 200
    asked: Bucket = field(default_factory=Bucket, repr=False, compare=False)

    @classmethod
    def of(cls, settings: GatewaySettings) -> Limits:
        """Read the settings."""
        return cls(
            settings.max_subscriptions,
            settings.max_where_conditions,
            settings.max_messages_per_second,
            settings.max_requests_per_second,
            settings.max_gateway_requests_per_second,
        )


def takes(bucket: Bucket, rate: int, now: float, *, rush: float) -> bool:
    """Count one more; tell whether that is within *rate* a second, and within *rush* seconds' worth at once."""
    return bucket.takes(1, now, rate=rate, burst=rate * rush)
