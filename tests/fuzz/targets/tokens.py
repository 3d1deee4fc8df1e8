"""Tokens as clients present them, and key sets as somebody's server may answer them."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from services.gateway.access.admission import Door
from services.gateway.access.denials import Denial
from services.gateway.access.keyring import Keyring, UnusableKeys, VerificationKey, read_keys
from services.gateway.access.revocations import Revocations
from services.gateway.access.tokens import TokenCheck, TokenRules
from services.gateway.rights.policy_file import parse
from shared.access.audit import RefusalLog
from shared.access.client_key import ClientKey
from shared.protocol import timestamp
from tests.fuzz import mutation
from tests.fuzz.chance import Chance
from tests.fuzz.target import Input, Target, stateless

NOW: Final = 1_800_000_000.0
SECRET: Final = b"s3cret-" * 6
_PRIVATE: Final = Ed25519PrivateKey.from_private_bytes(b"k" * 32)


def _text(data: bytes) -> str:
    """Return *data* as tokens and key sets write it (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


_KEYS: Final[Keyring] = (
    VerificationKey("HS256", SECRET, "one"),
    VerificationKey("EdDSA", _PRIVATE.public_key()),
)
_POLICY: Final = parse("""
who = { claim = "realm.role", token = "clerk" }
[roles.chief.tables."*"]
[roles.clerk]
broadcast = true
[roles.clerk.tables.bookings.where]
station = { eq = "claims.station" }
town = { in = "claims.towns" }
n = { lt = "claims.a.b" }
""")
_CLAIMS: Final = {
    "sub": "amine", "aud": "wasla", "iss": "https://issuer.example", "iat": NOW - 60, "exp": NOW + 60, "nbf": NOW - 60,
    "jti": "t1", "realm": {"role": ["clerk"]}, "station": "S1", "towns": ["a", "b"], "a": {"b": 2},
}  # fmt: skip
_HEADERS: Final = ({"alg": "HS256", "typ": "JWT", "kid": "one"}, {"alg": "HS256"}, {"alg": "EdDSA"}, {"alg": "none"})
_SET: Final = {
    "keys": [
        {"kty": "oct", "k": _text(SECRET), "kid": "a", "alg": "HS256"},
        {"kty": "OKP", "crv": "Ed25519", "x": _text(_PRIVATE.public_key().public_bytes_raw()), "use": "sig"},
        {"kty": "RSA", "n": _text(b"\xc1" * 256), "e": "AQAB", "key_ops": ["verify"]},
    ]
}
_PEM: Final = _PRIVATE.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def make_token(chance: Chance) -> Input:
    """Return a token: most of them are signed rightly, so that what they say is looked at."""
    header = dict(chance.of(_HEADERS[:3] if chance.strict else _HEADERS))
    claims = mutation.tree(chance, _CLAIMS)
    parts = [
        _part(
            mutation.written(
                chance, mutation.tree(chance, header) if not chance.strict and chance.happens(0.4) else header
            )
        )
    ]
    parts.append(_part(mutation.written(chance, claims)))
    signed = b".".join(parts)
    token = signed + b"." + _part(_signature(header["alg"], signed))
    if not chance.strict and chance.happens(0.5):
        token = mutation.damaged(chance, token)
    return [token]


def _part(data: bytes) -> bytes:
    return _text(data).encode()


def _signature(algorithm: str, signed: bytes) -> bytes:
    if algorithm == "EdDSA":
        return _PRIVATE.sign(signed)
    return hmac.new(SECRET, signed, hashlib.sha256).digest() if algorithm == "HS256" else b""


_DOOR: Final = Door(
    ClientKey("c" * 40),
    tokens=TokenCheck(TokenRules(frozenset({"wasla"}), "https://issuer.example", leeway=10.0), _KEYS),
    revocations=Revocations({"eve": NOW}, frozenset({"gone"})),
)
_RECORD: Final = RefusalLog()


def _present(given: Input) -> str:
    token = b"".join(given).decode("utf-8", "surrogateescape")
    try:
        admission = _DOOR.admit(token, NOW)
    except Denial as denial:
        _RECORD.refused(remote="192.0.2.1", what="register", why=str(denial.why), now=NOW, user=denial.user or "")
        return f"denied {denial.why}"
    rights = _POLICY.rights(admission)
    hash(rights)
    if admission.expires_at is not None:
        timestamp(admission.expires_at)
    return f"admitted by {admission.by.name.lower()} as {_POLICY.role_of(admission)}"


def make_keys(chance: Chance) -> Input:
    """Return a key set, or a key in PEM, spoilt."""
    if chance.happens(0.2):
        return [mutation.damaged(chance, _PEM)]
    text = mutation.written(chance, mutation.tree(chance, _SET))
    return [text if chance.strict else mutation.damaged(chance, text)]


def _read(given: Input) -> str:
    try:
        keys = read_keys(b"".join(given).decode("utf-8", "replace"), secrets=False)
    except UnusableKeys:
        return "unusable"
    return f"keys for {' and '.join(sorted({key.algorithm for key in keys}))}"


TOKENS: Final = Target(
    "tokens", "JSON Web Tokens, and the rights that follow from their claims", make_token, stateless(_present)
)
KEY_SETS: Final = Target(
    "key sets", "key sets (RFC 7517) and PEM, as an issuer's server may send them", make_keys, stateless(_read), 0.5
)
