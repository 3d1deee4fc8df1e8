"""Who may connect: the one decision about a client's token.

Everybody is admitted, without an end to it, until a deployment has something to check tokens against. Whatever will be
decided here reaches the session as an :class:`Admission` or as None, which closes with 4501.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Admission:
    """What a client is admitted as; ``expires_at`` is Unix time in seconds, None for no end."""

    expires_at: float | None = None


def admit(token: str | None) -> Admission | None:  # noqa: ARG001 - the door is here, the lock is not
    """Return what the holder of *token* is admitted as, or None."""
    return Admission()
