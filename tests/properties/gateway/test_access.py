"""Whatever comes to the door: an answer that was foreseen, and never a way in."""

from __future__ import annotations

import base64
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
from shared.access.exposure import is_loopback
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


ours = st.sampled_from(["127.0.0.1", "LOCALHOST", "[::1]", "10.0.0.1", "till.example."])
strangers = st.sampled_from(["evil.example", "10.0.0.2", "[fd00::1]", "localhost.evil.example", "127.0.0.1.nip.io"])
ports = st.sampled_from(["", ":80", ":8765"])
junk = st.text(max_size=40)
wherever = st.builds("".join, st.tuples(st.just("http") | st.just("https"), st.just("://"), ours | strangers, ports))


@given(wherever | junk, st.builds("".join, st.tuples(ours | strangers, ports)) | junk)
def test_origins_and_hosts(origin: str, host: str) -> None:
    """Who is admitted comes from a host of ours, and names one: never a stranger, whatever else is said."""
    surroundings = Surroundings.of("0.0.0.0", "till.example")
    name, page = host_name(host), host_name(origin.partition("://")[2])
    known = {"127.0.0.1", "localhost", "::1", "10.0.0.1", "till.example"}
    admitted = surroundings.admits([origin], host, "10.0.0.1")
    if not {name, page} - known:
        loopback = known - {"10.0.0.1", "till.example"}
        assert admitted is (origin.startswith("http") and (name == page or {name, page} <= loopback))
    elif not is_loopback(name or "") or not is_loopback(page or ""):
        assert not admitted
    assert name is None or not set(name) & set(" /@?#,")


printable = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=60)
words = st.sampled_from(["", "Basic ", "basic ", "Bearer ", "bearer  ", "Digest "])
credentials = printable | st.binary(max_size=40).map(lambda raw: base64.b64encode(raw).decode())


@given(words, credentials)
@example("Basic ", "é")
@example("Basic ", "\udcff")
@example("Basic ", base64.b64encode("u:é".encode()).decode())
def test_what_an_authorization_header_presents(word: str, value: str) -> None:
    found = presented_key(word + value)
    match word.strip().lower():
        case "bearer":
            assert found == value.strip()
        case "basic" if found is not None:
            assert base64.b64decode(value).decode().partition(":")[2] == found
        case "digest":
            assert found is None


@given(printable)
def test_headers(text: str) -> None:
    request = Request(text, Headers([("Sec-WebSocket-Protocol", text)]))
    found = presented_token(request, in_query=True)
    assert found is None or "wasla.token." in text or "token" in text
