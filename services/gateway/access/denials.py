"""Why somebody is not let in: a word for the record, a sentence for the client, and the code the connection ends with.

The sentences say nothing of what would have been right beyond what the client's own documentation says.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from shared.close_codes import CloseCode


class Why(StrEnum):
    """The reason as the audit log names it."""

    NO_TOKEN = "no_token"  # noqa: S105 - the name of a reason
    WRONG_KEY = "wrong_key"
    MALFORMED = "malformed"
    ALGORITHM = "algorithm"
    UNKNOWN_KEY = "unknown_key"
    KEYS_UNREAD = "keys_unread"
    REVOCATIONS_UNREAD = "revocations_unread"
    SIGNATURE = "signature"
    CLAIMS = "claims"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    AUDIENCE = "audience"
    ISSUER = "issuer"
    REVOKED = "revoked"
    OTHER_USER = "other_user"
    ORIGIN = "origin"
    FORBIDDEN = "forbidden"


REASONS: Final[dict[Why, str]] = {
    Why.NO_TOKEN: "this gateway asks who connects: send the key or a token with register",
    Why.WRONG_KEY: "expected the key of this installation, got something else",
    Why.MALFORMED: "expected the key of this installation or a JSON Web Token, got something else",
    Why.ALGORITHM: "the token is signed by an algorithm that is not accepted here",
    Why.UNKNOWN_KEY: "the token is signed with a key that is not known here",
    Why.KEYS_UNREAD: "the key of this token is not known here, and the keys cannot be read now: try again in a moment",
    Why.REVOCATIONS_UNREAD: "which tokens are revoked is not known here yet: try again in a moment",
    Why.SIGNATURE: "the token's signature does not fit",
    Why.CLAIMS: "expected a token with sub (a text) and exp (a number); jti is a text, nbf and iat are numbers",
    Why.EXPIRED: "the token has expired: get a fresh one",
    Why.NOT_YET_VALID: "the token is not valid yet: compare the clocks",
    Why.AUDIENCE: "the token is meant for another service (aud)",
    Why.ISSUER: "the token was issued by somebody who is not accepted here (iss)",
    Why.REVOKED: "the token was revoked",
    Why.OTHER_USER: "the fresh token is another user's: connect anew to become another user",
    Why.ORIGIN: "pages of this origin may not connect",
    Why.FORBIDDEN: "the role may not do this",
}

_CODES: Final = {
    Why.EXPIRED: CloseCode.TOKEN_EXPIRED,
    Why.KEYS_UNREAD: CloseCode.TOO_MANY_CONNECTIONS,  # whose instruction fits: later, or to another address
    Why.REVOCATIONS_UNREAD: CloseCode.TOO_MANY_CONNECTIONS,
    Why.ORIGIN: CloseCode.FORBIDDEN_ORIGIN,
}


class Denial(Exception):
    """Somebody is not let in; ``user`` is who it is, where a signature vouches for that."""

    def __init__(self, why: Why, user: str | None = None) -> None:
        self.why = why
        self.user = user
        super().__init__(REASONS[why])

    @property
    def reason(self) -> str:
        """The sentence for the client."""
        return REASONS[self.why]

    @property
    def code(self) -> CloseCode:
        """What the connection is closed with; whose token has expired may come again, with a fresh one, and who
        came while the keys or the revocations could not be read as well."""
        return _CODES.get(self.why, CloseCode.UNAUTHORIZED)
