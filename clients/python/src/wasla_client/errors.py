"""What can go wrong, as one tree. Every text says what happened and what to do.

::

    WaslaError
    ├── NotConnected     there is no link now, and what was asked for needs one
    │   └── QueueFull    ... and no more broadcasts may wait for one
    ├── NoAnswer         a gateway did not answer in time (a TimeoutError, too)
    ├── Rejected         a gateway answered with an error: ``code``, ``reason``
    ├── GaveUp           a gateway closed with 4500 to 4999: ``code``; something must change first
    └── ClientClosed     the client's block was left

A lost link is none of these: the client makes it again, and the stream goes on where it stood.
"""

from __future__ import annotations

from typing import Final

ADVICE: Final = {
    4500: ("malformed_message", "What was sent is not a message of this protocol: correct the client."),
    4501: ("unauthorized", "The token was refused: obtain a valid one."),
    4502: ("forbidden_origin", "Pages of this origin may not connect: have the operator allow it."),
    4503: ("rate_limited", "Too many messages came: send fewer."),
}
"""What the gateways of this version say with the codes after which a client stays away."""


_SENTENCES: Final = {
    1001: "This gateway drains: another one takes over.",
    1009: "A message was longer than the gateway accepts: send smaller ones.",
    4000: "The gateway waited in vain for the registration.",
    4001: "The link stood unread for too long.",
    4002: "The gateway has no room for another link.",
    4003: "The token has ended: pass a function that obtains a fresh one.",
    4004: "Nothing was heard on the link for too long.",
    4005: "The gateway cannot tell what was missed just now: it is asked again later.",
}
"""What the other codes mean, after which the client dials again."""


def sentence_for(code: int) -> str:
    """Return what a close code means, for people."""
    if code in ADVICE:
        return ADVICE[code][1]
    return _SENTENCES.get(code, f"The link ended with code {code}.")


class WaslaError(Exception):
    """Any error of this package."""


class NotConnected(WaslaError):
    """There is no link now, and what was asked for needs one."""

    def __str__(self) -> str:
        return "There is no link to a gateway now: try again when status.connected is true, or let a broadcast queue."


class QueueFull(NotConnected):
    """As many broadcasts wait for a link as may."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit

    def __str__(self) -> str:
        return f"{self.limit} broadcasts wait for a link already: drop this one, or allow more with max_queued."


class NoAnswer(WaslaError, TimeoutError):
    """A gateway did not answer in time."""

    def __init__(self, message_type: str, timeout: float) -> None:
        super().__init__(message_type, timeout)
        self.message_type = message_type
        self.timeout = timeout

    def __str__(self) -> str:
        return f"No answer to {self.message_type} came within {self.timeout:g} s: try again, or allow more time."


class Rejected(WaslaError):
    """A gateway answered with an ``error``; ``code`` is its stable slug, ``reason`` its sentence."""

    def __init__(self, code: str, reason: str, in_reply_to: str | None = None) -> None:
        super().__init__(code, reason, in_reply_to)
        self.code = code
        self.reason = reason
        self.in_reply_to = in_reply_to

    def __str__(self) -> str:
        return f"{self.in_reply_to or 'a message'} was rejected ({self.code}): {self.reason}"


class GaveUp(WaslaError):
    """A gateway closed the link with a code that says: do not come back until something has changed."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code

    @property
    def slug(self) -> str:
        """The code's name, ``unknown`` of one that this version does not know."""
        return ADVICE[self.code][0] if self.code in ADVICE else "unknown"

    def __str__(self) -> str:
        advice = ADVICE[self.code][1] if self.code in ADVICE else "Ask the operator what has to change."
        return f"The gateway closed the link with {self.code} ({self.slug}). {advice} Then make a new client."


class ClientClosed(WaslaError):
    """The client's block was left."""

    def __str__(self) -> str:
        return "This client is closed: use it inside its (async) with block."
