"""Where keys may come from, and what is said of such a place."""

from __future__ import annotations

import pytest

from services.gateway.access.key_source import checked_place, shown_place
from shared.errors import ConfigurationError


@pytest.mark.parametrize(
    "place", ["issuer.pem", "/etc/wasla/issuer.pem", "https://issuer.example/keys?tenant=1", "http://localhost:1/keys"]
)
def test_places(place: str) -> None:
    assert checked_place(place) == place


@pytest.mark.parametrize(
    "place",
    [
        "https://[",
        "https://issuer:port/",
        "https:///keys",
        "https://user:secret@/keys",
        "://",
        "http://10.0.0.1/keys",
        "file:///etc/issuer.pem",
        "ftp://user:secret@issuer.example/keys",
    ],
)
def test_what_is_no_place_is_a_sentence(place: str) -> None:
    with pytest.raises(ConfigurationError, match="WASLA_TOKEN_KEYS: expected a file, or the https address") as caught:
        checked_place(place)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("/etc/wasla/issuer.pem", "/etc/wasla/issuer.pem"),
        ("https://issuer.example/keys", "https://issuer.example/keys"),
        ("https://user:secret@issuer.example:1/keys?key=secret", "https://issuer.example:1/keys"),
        ("https://user:sec@ret@issuer.example?key=secret", "https://issuer.example"),
    ],
)
def test_a_place_is_shown_without_what_is_secret_in_it(place: str, expected: str) -> None:
    assert shown_place(place) == expected
