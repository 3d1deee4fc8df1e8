"""What was taken back: single tokens, and everything a user was issued until a moment. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Revocations:
    """``users`` holds, by user, the Unix time of the revocation; a token issued later is good again.

    A token that does not say when it was issued is taken for an old one, as is one of the very second: tokens count in
    whole seconds. So is one that seems to be later by no more than clocks may differ.
    """

    users: Mapping[str, float] = field(default_factory=dict)
    token_ids: frozenset[str] = frozenset()

    def cover(self, user: str | None, token_id: str | None, issued_at: float | None, leeway: float = 0.0) -> bool:
        """Tell whether the token is taken back; *leeway*, in seconds, is by how much clocks may differ."""
        if token_id is not None and token_id in self.token_ids:
            return True
        revoked_at = None if user is None else self.users.get(user)
        return revoked_at is not None and (issued_at is None or issued_at <= revoked_at + leeway)
