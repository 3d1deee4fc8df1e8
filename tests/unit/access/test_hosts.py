"""Which pages may connect, and by which name."""

from __future__ import annotations

import pytest

from shared.access.hosts import Surroundings, host_name

PLAIN = Surroundings.of("127.0.0.1")
NAMED = Surroundings.of(
    "0.0.0.0", "Till.example., counter.example", origins="tauri://localhost, https://pos.example/, null"
)


@pytest.mark.parametrize(
    ("host", "local", "expected"),
    [
        ("127.0.0.1:8766", "127.0.0.1", True),
        ("127.8.8.8", "127.0.0.1", True),
        ("localhost", "127.0.0.1", True),
        ("LOCALHOST.:1", "127.0.0.1", True),
        ("[::1]:8766", "::1", True),
        ("192.168.1.5:8766", "192.168.1.5", True),
        ("192.168.1.5:8766", "::ffff:192.168.1.5", True),
        ("192.168.1.6:8766", "192.168.1.5", False),
        ("evil.example:8766", "127.0.0.1", False),
        ("till.example", "127.0.0.1", False),
        ("localhost.evil.example", "127.0.0.1", False),
        ("127.0.0.1.evil.example", "127.0.0.1", False),
        ("", "127.0.0.1", False),
        (None, "127.0.0.1", False),
        ("127.0.0.1:port", "127.0.0.1", False),
        ("user@127.0.0.1", "127.0.0.1", False),
        ("127.0.0.1/x", "127.0.0.1", False),
        ("[::1", "::1", False),
        ("192.168.1.5", None, False),
    ],
)
def test_hosts(host: str | None, local: str | None, expected: bool) -> None:
    assert PLAIN.knows(host, local) is expected


def test_further_hosts() -> None:
    assert NAMED.knows("till.example:8766", "10.0.0.1")
    assert NAMED.knows("COUNTER.example.", "10.0.0.1")
    assert not NAMED.knows("example", "10.0.0.1")


@pytest.mark.parametrize(
    ("origin", "host", "expected"),
    [
        ("http://127.0.0.1:8766", "127.0.0.1:8765", True),
        ("https://127.0.0.1", "127.0.0.1:8765", True),
        ("http://localhost:3000", "127.0.0.1:8765", True),
        ("http://[::1]:8766", "[::1]:8765", True),
        ("http://10.0.0.1:8766", "10.0.0.1:8765", True),
        ("http://evil.example", "127.0.0.1:8765", False),
        ("http://evil.example:8765", "evil.example:8765", False),  # DNS rebinding: both say the attacker's name
        ("http://10.0.0.2", "10.0.0.1:8765", False),
        ("null", "127.0.0.1:8765", False),
        ("", "127.0.0.1:8765", False),
        ("file://", "127.0.0.1:8765", False),
        ("chrome-extension://127.0.0.1", "127.0.0.1:8765", False),
        ("http://127.0.0.1@evil.example", "127.0.0.1:8765", False),
        ("http://127.0.0.1.evil.example", "127.0.0.1:8765", False),
        ("tauri://localhost", "127.0.0.1:8765", False),
    ],
)
def test_origins(origin: str, host: str, expected: bool) -> None:
    assert PLAIN.admits([origin], host, "10.0.0.1") is expected


def test_who_is_no_page_has_no_origin() -> None:
    assert PLAIN.admits([], "evil.example", "127.0.0.1")
    assert not PLAIN.admits(["http://127.0.0.1", "http://evil.example"], "127.0.0.1", "127.0.0.1")


@pytest.mark.parametrize("origin", ["tauri://localhost", "HTTPS://pos.example", "null", "https://till.example:444"])
def test_further_origins(origin: str) -> None:
    assert NAMED.admits([origin], "till.example", "10.0.0.1")


def test_a_further_origin_is_that_one_alone() -> None:
    for origin in ("https://pos.example:444", "http://pos.example", "https://pos.example.evil"):
        assert not NAMED.admits([origin], "10.0.0.1", "10.0.0.1")


def test_host_names() -> None:
    assert host_name("[2001:DB8::1]:80") == "2001:db8::1"
    assert host_name("a b") in (None, "a b")
