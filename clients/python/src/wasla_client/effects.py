"""What a session wants done, in order. Pure vocabulary: :mod:`wasla_client.session` returns it, the shell does it.

``Close`` ends the link (or stops the dial) for the session at once: the shell says nothing more of that link.
``Dial`` replaces a dial that still waits. ``StatusChanged`` comes at most once a fact, last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Data: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Dial:
    """Open a WebSocket to ``url`` after ``delay`` seconds."""

    url: str
    delay: float


@dataclass(frozen=True, slots=True)
class Send:
    """Send a message."""

    message_type: str
    data: Data


@dataclass(frozen=True, slots=True)
class Close:
    """End the link with ``code``."""

    code: int


@dataclass(frozen=True, slots=True)
class Registered:
    """The link stands; what the gateway said of it."""

    data: Data


@dataclass(frozen=True, slots=True)
class Lost:
    """A link that stood has ended."""

    url: str
    code: int


@dataclass(frozen=True, slots=True)
class HandEvent:
    """Hand the data of a ``realtime_event`` to the application; ``epoch`` is its link's."""

    data: Data
    epoch: str


@dataclass(frozen=True, slots=True)
class TellResync:
    """Tell the application to reload."""

    data: Data


@dataclass(frozen=True, slots=True)
class HandCustomEvent:
    """Hand the application what another client broadcast."""

    data: Data


@dataclass(frozen=True, slots=True)
class Answer:
    """``subscribed``, ``unsubscribed``, ``broadcasted``, ``clients`` or ``token_accepted`` came."""

    message_type: str
    data: Data


@dataclass(frozen=True, slots=True)
class Notice:
    """An ``error`` came, or text that is no message."""

    data: Data


@dataclass(frozen=True, slots=True)
class Refused:
    """What the application asked for is not carried out."""

    reason: Literal["not_connected", "queue_full"]


@dataclass(frozen=True, slots=True)
class TokenWanted:
    """The token ends: obtain a fresh one and pass it to ``offer_token``."""

    expires_at: Any


@dataclass(frozen=True, slots=True)
class GaveUp:
    """There is no dial until ``connect`` is called again."""

    code: int


@dataclass(frozen=True, slots=True)
class StatusChanged:
    """These fields of the status are not what they were before the fact."""

    changes: Mapping[str, Any]


Effect: TypeAlias = (
    Dial
    | Send
    | Close
    | Registered
    | Lost
    | HandEvent
    | TellResync
    | HandCustomEvent
    | Answer
    | Notice
    | Refused
    | TokenWanted
    | GaveUp
    | StatusChanged
)
