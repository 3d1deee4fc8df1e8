"""Whatever comes to the door: an answer that was foreseen, and never a way in."""

from __future__ import annotations

import json

import jwt
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from websockets.datastructures import Headers
from websockets.http11 import Request

from services.gateway.access.denials import Denial
from services.gateway.access.handshake import presented_token
from services.gateway.access.keyring import UnusableKeys, read_keys
from services.gateway.access.tokens import verify
from services.monitor.door import presented_key
from shared.access.hosts import Surroundings, host_name
from tests.unit.gateway.access.issuing import KEYS, NOW, RULES, by_hand, claims

ALL_KEYS = tuple(key for _, _, keys in KEYS.values() for key in keys)

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
headers = st.fixed_dictionaries({}, optional=dict.fromkeys(("alg", "typ", "kid", "crit", "b64", "jwk"), anything))
payloads = anything | st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("sub", "exp", "nbf", "iat", "aud", "iss", "jti"), anything)
)


@given(st.text(max_size=200) | st.text("abc.-_=", max_size=60))
def test_texts_are_no_tokens(token: str) -> None:
    with pytest.raises(Denial):
        verify(token, ALL_KEYS, RULES, NOW)


@given(headers | st.just({"alg": "HS256"}) | st.just({"alg": "EdDSA"}), payloads, st.binary(max_size=80))
def test_forged_tokens_are_refused(header: dict[str, object], payload: object, signature: bytes) -> None:
    with pytest.raises(Denial):
        verify(by_hand(header, payload, signature), ALL_KEYS, RULES, NOW)


@given(payloads.filter(lambda payload: isinstance(payload, dict)))
@example(claims(exp=float("inf")))
def test_signed_tokens_are_good_or_refused(payload: dict[str, object]) -> None:
    """An issuer may have its faults, too."""
    _, secret, keys = KEYS["HS256"]
    token = jwt.api_jws.encode(json.dumps(payload).encode(), secret, "HS256")
    try:
        found = verify(token, keys, RULES, NOW)
    except Denial:
        return
    assert payload["sub"] == found.user
    assert "wasla" in str(payload["aud"])


@given(st.text(max_size=100) | anything.map(lambda value: json.dumps({"keys": value})))
def test_key_files(text: str) -> None:
    try:
        keys = read_keys(text)
    except UnusableKeys:
        return
    assert all(key.algorithm == "HS256" for key in keys), "nobody draws a key of the others"


@given(st.text(max_size=40), st.text(max_size=40), st.sampled_from([None, "127.0.0.1", "::1", "10.0.0.1", "fe80::1%1"]))
def test_origins_and_hosts(origin: str, host: str, local: str | None) -> None:
    plain = Surroundings.of("127.0.0.1")
    admitted = plain.admits([origin], host, local)
    assert not admitted or plain.knows(host, local)
    assert host_name(host) is None or isinstance(host_name(host), str)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=60))
def test_headers(text: str) -> None:
    presented_key(text)
    request = Request(text, Headers([("Sec-WebSocket-Protocol", text)]))
    found = presented_token(request, in_query=True)
    assert found is None or "wasla.token." in text or "token" in text
