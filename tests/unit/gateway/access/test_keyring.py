"""What is a key, and what is not taken for one."""

from __future__ import annotations

import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from services.gateway.access.keyring import UnusableKeys, read_keys
from tests.certificates import make_certificate, private_pem, public_pem
from tests.unit.gateway.access.issuing import ED25519, RSA, SECRET


def entry(key: Any, **changed: Any) -> dict[str, Any]:
    name = "RS256" if isinstance(key, rsa.RSAPublicKey | rsa.RSAPrivateKey) else "EdDSA"
    found: dict[str, Any] = jwt.get_algorithm_by_name(name).to_jwk(key, as_dict=True)
    # What PyJWT writes of a key's use is not ours to test.
    return {**{part: found[part] for part in found if part != "key_ops"}, **changed}


def key_set(*entries: Any) -> str:
    return json.dumps({"keys": entries})


def test_each_kind_has_one_algorithm() -> None:
    assert [read_keys(text)[0].algorithm for text in (SECRET, public_pem(RSA), public_pem(ED25519))] == [
        "HS256",
        "RS256",
        "EdDSA",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("short", "32 bytes or more"),
        ("", "32 bytes or more"),
        (private_pem(RSA), "found a private one"),
        (public_pem(rsa.generate_private_key(65537, 1024)), "2048 bits or more"),
        (public_pem(ec.generate_private_key(ec.SECP256R1())), "RSA or Ed25519 key"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "public key in PEM"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "public key in PEM"),
        ("{", "key set in JSON"),
        ("{}", "key set with a key"),
        ('{"keys": []}', "key set with a key"),
        ('{"keys": 7}', "key set"),
        ('{"keys": [7, {}, {"kty": []}]}', "key set with a key"),
    ],
)
def test_what_is_no_key(text: str, expected: str) -> None:
    with pytest.raises(UnusableKeys, match=expected):
        read_keys(text)


@pytest.mark.parametrize(
    "changed",
    [{"use": "enc"}, {"alg": "RS512"}, {"alg": "HS256"}, {"alg": "none"}, {"key_ops": ["sign"]}, {"n": "AQAB"}],
)
def test_keys_for_something_else_are_left_out(changed: dict[str, Any]) -> None:
    text = key_set(entry(RSA.public_key(), **changed), entry(ED25519.public_key(), kid="good"))
    assert [key.kid for key in read_keys(text)] == ["good"]


def test_secrets_do_not_come_over_a_network() -> None:
    secret = {"kty": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA", "kid": "s"}
    assert len(read_keys(key_set(secret))) == 1
    for text in (key_set(secret), SECRET):
        with pytest.raises(UnusableKeys):
            read_keys(text, secrets=False)


def test_private_parts_of_a_set_are_dropped() -> None:
    (key,) = read_keys(key_set(entry(RSA)))
    assert isinstance(key.key, rsa.RSAPublicKey)


def test_a_certificate_holds_a_key_too(tmp_path: Any) -> None:
    with pytest.raises(UnusableKeys, match="RSA or Ed25519 key"):
        read_keys(make_certificate(tmp_path).cert.read_text())


def test_no_key_is_in_a_repr() -> None:
    assert SECRET not in repr(read_keys(SECRET))
