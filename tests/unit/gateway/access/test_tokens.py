"""Which tokens are good, and which attacks on them fail."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import jwt
import pytest

from services.gateway.access.claims import Claims
from services.gateway.access.denials import Denial, Why
from services.gateway.access.keyring import read_keys
from services.gateway.access.tokens import MAX_TOKEN_CHARS, TokenRules, verify
from tests.certificates import public_pem
from tests.unit.gateway.access.issuing import ED25519, KEYS, NOW, RSA, RULES, SECRET, by_hand, claims, signed

ALL_KEYS = tuple(key for _, _, keys in KEYS.values() for key in keys)


def why(token: str, *, keys: Any = ALL_KEYS, rules: TokenRules = RULES, now: float = NOW) -> Why | None:
    try:
        verify(token, keys, rules, now)
    except Denial as denial:
        return denial.why
    return None


@pytest.mark.parametrize("kind", KEYS)
def test_a_good_token_says_who_and_until_when(kind: str) -> None:
    assert verify(signed(kind), KEYS[kind][2], RULES, NOW) == Claims("amine", NOW + 60, NOW - 60, "t1")


@pytest.mark.parametrize("kind", KEYS)
@pytest.mark.parametrize("other", KEYS)
def test_a_key_of_another_kind_admits_nobody(kind: str, other: str) -> None:
    assert why(signed(kind), keys=KEYS[other][2]) is (None if kind == other else Why.ALGORITHM)


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "", None, 0, [], "HS384", "RS512", "ES256", "PS256"])
def test_what_is_not_signed_by_our_algorithms_is_refused(algorithm: Any) -> None:
    assert why(by_hand({"alg": algorithm, "typ": "JWT"}, claims())) is Why.ALGORITHM
    assert why(by_hand({"typ": "JWT"}, claims())) is Why.ALGORITHM


@pytest.mark.parametrize("kind", ["RS256", "EdDSA"])
def test_a_public_key_is_never_taken_for_a_secret(kind: str) -> None:
    """Key confusion: sign by HMAC with the text of the public key, which everybody has."""
    text = public_pem(RSA if kind == "RS256" else ED25519).encode()
    unsigned = by_hand({"alg": "HS256", "typ": "JWT"}, claims()).rpartition(".")[0]
    signature = hmac.new(text, unsigned.encode(), hashlib.sha256).digest()
    token = by_hand({"alg": "HS256", "typ": "JWT"}, claims(), signature)
    assert why(token, keys=KEYS[kind][2]) is Why.ALGORITHM
    assert why(token) is Why.SIGNATURE


@pytest.mark.parametrize("kind", KEYS)
def test_a_changed_token_is_refused(kind: str) -> None:
    header, payload, signature = signed(kind).split(".")
    other = signed(kind, sub="somebody else").split(".")
    assert why(f"{header}.{other[1]}.{signature}") is Why.SIGNATURE
    assert why(f"{header}.{payload}.") in {Why.SIGNATURE, Why.MALFORMED}
    flipped = signature[:10] + ("A" if signature[10] != "A" else "B") + signature[11:]
    assert why(f"{header}.{payload}.{flipped}") is Why.SIGNATURE


@pytest.mark.parametrize("key", ["jwk", "jku", "x5u", "x5c"])
def test_a_key_that_the_token_brings_itself_is_not_looked_at(key: str) -> None:
    token = jwt.encode(claims(), "another secret of thirty-two bytes", headers={key: {"kty": "oct", "k": "YQ"}})
    assert why(token) is Why.SIGNATURE


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"exp": NOW - 11}, Why.EXPIRED),
        ({"exp": NOW - 10}, Why.EXPIRED),
        ({"exp": NOW - 9}, None),
        ({"exp": None}, Why.CLAIMS),
        ({"exp": "tomorrow"}, Why.CLAIMS),
        ({"exp": True}, Why.CLAIMS),
        ({"exp": float("inf")}, Why.CLAIMS),
        ({"exp": float("nan")}, Why.CLAIMS),
        ({"exp": 10**30}, Why.CLAIMS),
        ({"exp": 10**400}, Why.CLAIMS),
        ({"iat": -(10**400)}, Why.CLAIMS),
        ({"exp": -1}, Why.CLAIMS),
        ({"nbf": NOW + 11}, Why.NOT_YET_VALID),
        ({"nbf": NOW + 10}, None),
        ({"nbf": "later"}, Why.CLAIMS),
        ({"iat": NOW + 11}, Why.NOT_YET_VALID),
        ({"iat": None}, None),
        ({"iat": "once"}, Why.CLAIMS),
        ({"aud": "till"}, Why.AUDIENCE),
        ({"aud": None}, Why.AUDIENCE),
        ({"aud": ["till", "wasla"]}, None),
        ({"aud": []}, Why.AUDIENCE),
        ({"aud": [["wasla"]]}, Why.AUDIENCE),
        ({"aud": {"wasla": 1}}, Why.AUDIENCE),
        ({"aud": "wasla.example"}, Why.AUDIENCE),
        ({"iss": "https://issuer.example.org"}, Why.ISSUER),
        ({"iss": None}, Why.ISSUER),
        ({"sub": None}, Why.CLAIMS),
        ({"sub": ""}, Why.CLAIMS),
        ({"sub": 7}, Why.CLAIMS),
        ({"jti": 7}, Why.CLAIMS),
        ({"jti": None}, None),
    ],
)
def test_claims(changed: dict[str, Any], expected: Why | None) -> None:
    assert why(signed_whatever(changed)) is expected


def signed_whatever(changed: dict[str, Any]) -> str:
    """Sign claims that an encoder would not."""
    header, payload = {"alg": "HS256", "typ": "JWT"}, claims(**changed)
    unsigned = by_hand(header, payload).rpartition(".")[0]
    return by_hand(header, payload, hmac.new(SECRET.encode(), unsigned.encode(), hashlib.sha256).digest())


def test_without_leeway_the_second_of_the_end_is_the_end() -> None:
    strict = TokenRules(frozenset({"wasla"}))
    assert why(signed("HS256", exp=NOW), rules=strict, now=NOW - 0.001) is None
    assert why(signed("HS256", exp=NOW), rules=strict, now=NOW) is Why.EXPIRED


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a",
        "a.b",
        "a.b.c",
        "a.b.c.d",
        "..",
        "\x00.\x00.\x00",
        "é.é.é",
        "\ud800.a.b",
        "x" * (MAX_TOKEN_CHARS + 1),
        by_hand({"alg": "HS256", "kid": 7}, claims()),
        by_hand({"alg": "HS256", "crit": ["b64"], "b64": False}, claims()),
        by_hand({"alg": "HS256", "crit": ["exp"]}, claims()),
    ],
)
def test_what_is_no_token_is_refused(token: str) -> None:
    assert why(token) is Why.MALFORMED


def test_a_payload_that_is_no_object_is_refused() -> None:
    header = {"alg": "HS256"}
    for payload in ([], "x", None, 1):
        unsigned = by_hand(header, payload).rpartition(".")[0]
        signature = hmac.new(SECRET.encode(), unsigned.encode(), hashlib.sha256).digest()
        assert why(by_hand(header, payload, signature)) is Why.MALFORMED


def test_keys_by_name() -> None:
    keys = read_keys(f'{{"keys": [{jwk("old", RSA)}, {jwk("new", ED25519)}]}}')
    assert why(signed("RS256", {"kid": "old"}), keys=keys) is None
    assert why(signed("EdDSA", {"kid": "new"}), keys=keys) is None
    assert why(signed("EdDSA", {"kid": "old"}), keys=keys) is Why.ALGORITHM
    assert why(signed("RS256", {"kid": "next"}), keys=keys) is Why.UNKNOWN_KEY
    assert why(signed("RS256"), keys=keys) is None
    assert why(signed("RS256"), keys=()) is Why.UNKNOWN_KEY


def jwk(name: str, key: Any) -> str:
    algorithm = jwt.get_algorithm_by_name("RS256" if key is RSA else "EdDSA")
    text: str = algorithm.to_jwk(key.public_key())
    return text.replace("{", f'{{"kid": "{name}", "use": "sig", ', 1)
