"""An issuer of tokens for tests: one key of each kind, and tokens as wrong as can be."""

from __future__ import annotations

import base64
import json
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from services.gateway.access.keyring import Keyring, read_keys
from services.gateway.access.tokens import TokenRules
from tests.certificates import public_pem

NOW = 1_800_000_000.0
SECRET = "s3cret-" * 6
RSA = rsa.generate_private_key(65537, 2048)
ED25519 = ed25519.Ed25519PrivateKey.generate()
RULES = TokenRules(frozenset({"wasla"}), "https://issuer.example", leeway=10.0)

KEYS: dict[str, tuple[str, Any, Keyring]] = {
    "HS256": ("HS256", SECRET, read_keys(SECRET)),
    "RS256": ("RS256", RSA, read_keys(public_pem(RSA))),
    "EdDSA": ("EdDSA", ED25519, read_keys(public_pem(ED25519))),
}


def claims(**changed: Any) -> dict[str, Any]:
    """Return good claims, changed; None takes one away."""
    good = {
        "sub": "amine",
        "aud": "wasla",
        "iss": "https://issuer.example",
        "iat": NOW - 60,
        "exp": NOW + 60,
        "jti": "t1",
    }
    return {name: value for name, value in {**good, **changed}.items() if value is not None}


def signed(kind: str, headers: dict[str, Any] | None = None, **changed: Any) -> str:
    algorithm, key, _ = KEYS[kind]
    return jwt.encode(claims(**changed), key, algorithm, headers=headers)


def by_hand(header: dict[str, Any], payload: Any, signature: bytes = b"") -> str:
    """Put a token together as somebody does who has no key."""
    parts = (json.dumps(header).encode(), json.dumps(payload).encode(), signature)
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
