"""Whom the pages may talk to: this machine's gateways, and nobody who is named in a request's place."""

from __future__ import annotations

import pytest

from services.monitor.content_policy import content_policy


def destinations(host: str | None, gateway_url: str = "ws://127.0.0.1:8765") -> str:
    """Return what stands behind ``connect-src 'self'``."""
    (found,) = [part for part in content_policy(host, gateway_url).split("; ") if part.startswith("connect-src ")]
    assert found.startswith("connect-src 'self'")
    return found.removeprefix("connect-src 'self'").strip()


@pytest.mark.parametrize(
    ("host", "gateway_url", "expected"),
    [
        ("127.0.0.1:8766", "ws://127.0.0.1:8765", "ws://127.0.0.1:8765 wss://127.0.0.1:8765"),
        ("Station.Example", "ws://127.0.0.1:9000", "ws://station.example:9000 wss://station.example:9000"),
        ("station.example", "wss://127.0.0.1:8765", "wss://station.example:8765"),
        ("station.example", "ws://elsewhere/stream", "ws://station.example wss://station.example"),
    ],
)
def test_the_gateways_are_where_the_page_came_from(host: str, gateway_url: str, expected: str) -> None:
    assert destinations(host, gateway_url) == expected


@pytest.mark.parametrize("host", [None, "", "a b", "a;script-src *", "a, default-src *", "*", "a/b", "a:not-a-port"])
def test_a_host_that_is_none_adds_nothing(host: str | None) -> None:
    assert destinations(host) == ""
    assert content_policy(host, "ws://127.0.0.1:1").count(";") == content_policy("a", "ws://127.0.0.1:1").count(";")


def test_an_ipv6_address_cannot_be_named() -> None:
    assert destinations("[::1]:8766") == "ws: wss:"
    assert destinations("[::1]:8766", "wss://[::1]:8765") == "wss:"
