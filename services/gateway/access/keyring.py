"""The keys that tokens are checked with. Pure: from the text of a file or an answer to keys.

Each key is bound to one algorithm by what it is, whatever a token says of itself: an RSA key to RS256, an Ed25519 key
to EdDSA, a secret to HS256. So a public key can never be taken for a secret (RFC 8725 section 2.1), and ``none`` is
nobody's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import jwt
import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate

Algorithm = Literal["HS256", "RS256", "EdDSA"]

MIN_SECRET_BYTES: Final = 32
MIN_RSA_BITS: Final = 2048
_KINDS: Final[dict[tuple[str, str | None], Algorithm]] = {
    ("RSA", None): "RS256",
    ("OKP", "Ed25519"): "EdDSA",
    ("oct", None): "HS256",
}


class UnusableKeys(ValueError):
    """What was read holds no key that could be used; the text goes on after "expected"."""


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """One key; ``kid`` is None where it has no name, and then any token of its algorithm may be its."""

    algorithm: Algorithm
    key: bytes | RSAPublicKey | Ed25519PublicKey = field(repr=False)
    kid: str | None = None


Keyring = tuple[VerificationKey, ...]


def read_keys(text: str, *, secrets: bool = True) -> Keyring:
    """Return the keys in *text*: a public key or certificate (PEM), a key set (RFC 7517), or a secret by itself.

    Without *secrets* only public keys are taken: what comes over a network is no secret. Raise UnusableKeys.
    """
    text = text.strip()
    if "-----BEGIN" in text:
        return (_of_pem(text),)
    if text.startswith("{"):
        return _of_set(text, secrets=secrets)
    if not secrets:
        raise UnusableKeys('a key set, {"keys": [...]}, found something else')
    return (VerificationKey("HS256", _long_enough(text.encode())),)


def _of_pem(text: str) -> VerificationKey:
    if "PRIVATE KEY" in text:
        raise UnusableKeys("a public key, found a private one; keep that where tokens are issued")
    try:
        if "BEGIN CERTIFICATE" in text:
            return _bound(load_pem_x509_certificate(text.encode()).public_key(), None)
        return _bound(load_pem_public_key(text.encode()), None)
    except (ValueError, UnsupportedAlgorithm) as error:
        if isinstance(error, UnusableKeys):
            raise
        raise UnusableKeys(f"a public key in PEM, found something else ({error})") from None


def _of_set(text: str, *, secrets: bool) -> Keyring:
    """Return every usable signature key of a set; keys for other purposes and algorithms are left out."""
    try:
        found: Any = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        raise UnusableKeys("a key set in JSON, found something else") from None
    entries = found.get("keys") if isinstance(found, dict) else None
    found_keys = (_of_entry(entry, secrets=secrets) for entry in (entries if isinstance(entries, list) else ()))
    keys = tuple(key for key in found_keys if key is not None)
    if not keys:
        raise UnusableKeys("a key set with a key for RS256, EdDSA or HS256, found none")
    return keys


def _of_entry(entry: Any, *, secrets: bool) -> VerificationKey | None:
    if not isinstance(entry, dict) or not _is_for_signatures(entry):
        return None
    kind, curve = entry.get("kty"), entry.get("crv")
    algorithm = _KINDS.get((kind, curve)) if isinstance(kind, str) and isinstance(curve, str | None) else None
    if algorithm is None or entry.get("alg", algorithm) != algorithm or (algorithm == "HS256" and not secrets):
        return None
    kid = entry.get("kid")
    try:
        key = jwt.PyJWK({name: entry[name] for name in entry if name not in _PRIVATE}, algorithm).key
        return _bound(key, kid if isinstance(kid, str) else None)
    except (jwt.PyJWTError, ValueError, TypeError):
        return None


_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth"})


def _is_for_signatures(entry: Mapping[str, Any]) -> bool:
    operations = entry.get("key_ops")
    may_verify = operations is None or (isinstance(operations, list) and "verify" in operations)
    return entry.get("use", "sig") == "sig" and may_verify


def _bound(key: object, kid: str | None) -> VerificationKey:
    match key:
        case RSAPublicKey():
            if key.key_size < MIN_RSA_BITS:
                raise UnusableKeys(f"an RSA key of {MIN_RSA_BITS} bits or more, found one of {key.key_size}")
            return VerificationKey("RS256", key, kid)
        case Ed25519PublicKey():
            return VerificationKey("EdDSA", key, kid)
        case bytes():
            return VerificationKey("HS256", _long_enough(key), kid)
    raise UnusableKeys(f"an RSA or Ed25519 key, found {type(key).__name__.lstrip('_')}")


def _long_enough(secret: bytes) -> bytes:
    if len(secret) < MIN_SECRET_BYTES:
        raise UnusableKeys(f"a secret of {MIN_SECRET_BYTES} bytes or more (RFC 7518 section 3.2), found {len(secret)}")
    return secret
