"""Who may connect: the decision about what a client presents, and whether it still holds.

Three ways in, all of which may be open: nobody is asked (nothing is configured, or WASLA_ALLOW_ANONYMOUS), the client
key, or a JSON Web Token. What is presented must be good, even where nobody is asked but something is configured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Final

from services.gateway.access.claims import Tokens
from services.gateway.access.denials import Denial, Why
from services.gateway.access.revocations import Revocations
from shared.access.client_key import ClientKey


class Entrance(Enum):
    """By what a client was let in."""

    NOTHING = auto()
    KEY = auto()
    TOKEN = auto()


@dataclass(frozen=True, slots=True)
class Admission:
    """What a client is admitted as. Times are Unix seconds; ``expires_at`` None: without an end.

    ``ends_at`` is when it is over here, ``expires_at`` with the leeway that is granted to clocks. ``by`` and ``claims``
    are what rights follow from.
    """

    user: str | None = None
    token_id: str | None = None
    issued_at: float | None = None
    expires_at: float | None = None
    ends_at: float | None = None
    by: Entrance = Entrance.NOTHING
    claims: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


UNNAMED: Final = Admission()
"""Everybody who was not asked."""

KEY_HOLDER: Final = Admission(by=Entrance.KEY)
"""Everybody who has the key."""


@dataclass(slots=True)
class Door:
    """The rules in force; ``revocations`` is replaced when others are known. ``tokens`` None: none are taken.

    Tokens wait where ``awaits_revocations``: nobody has said yet which of them are revoked.
    """

    client_key: ClientKey | None = None
    allow_anonymous: bool = False
    tokens: Tokens | None = None
    revocations: Revocations = field(default_factory=Revocations)
    awaits_revocations: bool = False

    @property
    def asks(self) -> bool:
        """Tell whether a client without key and token is sent away."""
        return (self.client_key is not None or self.tokens is not None) and not self.allow_anonymous

    def admit(self, presented: str | None, now: float) -> Admission:
        """Return what the holder of *presented* is admitted as, or raise Denial; *now* is Unix time in seconds."""
        if presented is None:
            if self.asks:
                raise Denial(Why.NO_TOKEN)
            return UNNAMED
        if self.client_key is not None and self.client_key.is_same(presented):
            return KEY_HOLDER
        if self.tokens is not None:
            return self._admit_token(presented, self.tokens, now)
        if self.client_key is not None:
            raise Denial(Why.WRONG_KEY)
        return UNNAMED

    def renew(self, present: Admission, presented: str, now: float) -> Admission:
        """Return what a client goes on as, or raise Denial: a fresh token is the same user's."""
        admission = self.admit(presented, now)
        if admission.user != present.user:
            raise Denial(Why.OTHER_USER, admission.user)
        return admission

    def has_revoked(self, admission: Admission) -> bool:
        """Tell whether what a client was admitted by has been taken back since."""
        leeway = 0.0 if self.tokens is None else self.tokens.leeway
        return self.revocations.cover(admission.user, admission.token_id, admission.issued_at, leeway)

    def _admit_token(self, token: str, tokens: Tokens, now: float) -> Admission:
        claims = tokens.verify(token, now)
        admission = Admission(
            claims.user,
            claims.token_id,
            claims.issued_at,
            claims.expires_at,
            claims.expires_at + tokens.leeway,
            Entrance.TOKEN,
            claims.everything,
        )
        if self.awaits_revocations:
            raise Denial(Why.REVOCATIONS_UNREAD, claims.user)
        if self.has_revoked(admission):
            raise Denial(Why.REVOKED, claims.user)
        return admission
