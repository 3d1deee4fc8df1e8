"""What a good token says, and who can tell whether it is good. Pure; small, for who takes no tokens loads no more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Claims:
    """What a good token says; times are Unix seconds. ``everything`` holds all claims, for rights."""

    user: str
    expires_at: float
    issued_at: float | None = None
    token_id: str | None = None
    everything: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


class Tokens(Protocol):
    """Checks tokens; ``leeway``, in seconds, is by how much clocks may differ."""

    @property
    def leeway(self) -> float: ...

    def verify(self, token: str, now: float) -> Claims:
        """Return what *token* says, or raise Denial; *now* is Unix time in seconds."""
