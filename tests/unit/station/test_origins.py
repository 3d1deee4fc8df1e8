"""Which requests may change something."""

from __future__ import annotations

import pytest

from services.station.origins import refusal

OWN = {"origin": "http://127.0.0.1:8766", "host": "127.0.0.1:8766", "content_type": "application/json"}


@pytest.mark.parametrize(
    "request_facts",
    [
        {},
        {"origin": None},  # no browser
        {"origin": None, "fetch_site": "same-origin"},
        {"origin": "http://[::1]:8766", "host": "[::1]:8766"},
        {"origin": "https://desk-box", "host": "desk-box"},
        {"origin": "http://LOCALHOST:8766", "host": "localhost:8766"},
    ],
)
def test_our_own_page_and_programs_may(request_facts: dict[str, str | None]) -> None:
    assert refusal(**{"fetch_site": None, **OWN, **request_facts}) is None


@pytest.mark.parametrize(
    ("request_facts", "sentence"),
    [
        ({"content_type": "text/plain"}, "expected Content-Type: application/json, got text/plain"),
        ({"content_type": ""}, "expected Content-Type: application/json, got none"),
        ({"origin": "http://evil.example"}, "expected the page of this same address"),
        ({"origin": "http://127.0.0.1:9999"}, "expected the page of this same address"),
        ({"origin": "null"}, "expected the page of this same address"),
        ({"origin": None, "fetch_site": "cross-site"}, "got a cross-site request"),
    ],
)
def test_nobody_else_may(request_facts: dict[str, str | None], sentence: str) -> None:
    assert sentence in (refusal(**{"fetch_site": None, **OWN, **request_facts}) or "")
