"""Is a JSON Web Token good here and now? Pure: time is an argument, the keys are given.

RFC 7519 for the claims, RFC 8725 for what goes wrong elsewhere: the algorithm is the key's and not the token's, the
audience is always asked for, and a token that does not end is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import jwt

from services.gateway.access.claims import Claims
from services.gateway.access.denials import Denial, Why
from services.gateway.access.keyring import Keyring, VerificationKey

MAX_TOKEN_CHARS: Final = 16_384
_MAX_CANDIDATES: Final = 8
_LAST_SECOND: Final = 253_402_300_799
"""End of the year 9999, the last that a timestamp can say."""

_SIGNATURE_ALONE: Final[Any] = {
    "verify_signature": True,
    "enforce_minimum_key_length": True,
    "require": [],
    **dict.fromkeys(
        ("verify_exp", "verify_nbf", "verify_iat", "verify_aud", "verify_iss", "verify_sub", "verify_jti"), False
    ),
}


@dataclass(frozen=True, slots=True)
class TokenRules:
    """What a token must say; ``leeway`` in seconds forgives clocks that differ. ``issuer`` None: any."""

    audiences: frozenset[str]
    issuer: str | None = None
    leeway: float = 0.0


@dataclass(slots=True)
class TokenCheck:
    """Rules, and the keys known at present; implements :class:`~services.gateway.access.claims.Tokens`."""

    rules: TokenRules
    keys: Keyring = ()

    @property
    def leeway(self) -> float:
        return self.rules.leeway

    def verify(self, token: str, now: float) -> Claims:
        """Return what *token* says, or raise Denial."""
        return verify(token, self.keys, self.rules, now)


def verify(token: str, keys: Keyring, rules: TokenRules, now: float) -> Claims:
    """Return what *token* says, or raise Denial."""
    payload = _signed(token, _candidates(_header(token), keys))
    claims = _claims(payload)
    _check_times(claims, payload.get("nbf"), rules.leeway, now)
    if not _audiences(payload.get("aud")) & rules.audiences:
        raise Denial(Why.AUDIENCE, claims.user)
    if rules.issuer is not None and payload.get("iss") != rules.issuer:
        raise Denial(Why.ISSUER, claims.user)
    return claims


def _header(token: str) -> Mapping[str, Any]:
    if len(token) > MAX_TOKEN_CHARS or token.count(".") != 2:
        raise Denial(Why.MALFORMED)
    try:
        return jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        raise Denial(Why.MALFORMED) from None


def _candidates(header: Mapping[str, Any], keys: Keyring) -> Keyring:
    """Return the keys that may have signed it: of its algorithm, and of its name where both have one."""
    algorithm, kid = header.get("alg"), header.get("kid")
    if algorithm not in ("HS256", "RS256", "EdDSA"):
        raise Denial(Why.ALGORITHM)
    named = [key for key in keys if kid is None or key.kid is None or key.kid == kid]
    fitting = tuple(key for key in named if key.algorithm == algorithm)
    if not fitting:
        raise Denial(Why.ALGORITHM if named else Why.UNKNOWN_KEY)
    return fitting[:_MAX_CANDIDATES]


def _signed(token: str, keys: Keyring) -> Mapping[str, Any]:
    for key in keys:
        payload = _payload(token, key)
        if payload is not None:
            return payload
    raise Denial(Why.SIGNATURE)


def _payload(token: str, key: VerificationKey) -> Mapping[str, Any] | None:
    """Return the payload, None where the signature is not by this key."""
    try:
        return jwt.decode(token, key.key, algorithms=[key.algorithm], options=_SIGNATURE_ALONE)
    except jwt.InvalidSignatureError:
        return None
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        raise Denial(Why.MALFORMED) from None


def _claims(payload: Mapping[str, Any]) -> Claims:
    user, token_id = payload.get("sub"), payload.get("jti")
    expires_at, issued_at = _time(payload.get("exp")), _time(payload.get("iat"))
    if not isinstance(user, str) or not user or not isinstance(token_id, str | None) or expires_at is None:
        raise Denial(Why.CLAIMS)
    return Claims(user, expires_at, issued_at, token_id, payload)


def _check_times(claims: Claims, not_before: Any, leeway: float, now: float) -> None:
    begins_at = max(_time(not_before) or 0.0, claims.issued_at or 0.0)
    if now < begins_at - leeway:
        raise Denial(Why.NOT_YET_VALID, claims.user)
    if now >= claims.expires_at + leeway:
        raise Denial(Why.EXPIRED, claims.user)


def _time(value: Any) -> float | None:
    """Return a NumericDate (RFC 7519 section 2), None where the claim is not there."""
    if value is None:
        return None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 <= value <= _LAST_SECOND:  # NaN is in no range
        raise Denial(Why.CLAIMS)
    return float(value)


def _audiences(claim: Any) -> frozenset[str]:
    """Return the claim ``aud``, which is one text or a list of them (RFC 7519 section 4.1.3)."""
    if isinstance(claim, str):
        return frozenset({claim})
    return frozenset(item for item in claim if isinstance(item, str)) if isinstance(claim, list) else frozenset()
