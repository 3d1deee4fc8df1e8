"""Which pages may connect, and by which name."""

from __future__ import annotations

import pytest

from shared.access.hosts import Surroundings, host_name
from shared.errors import ConfigurationError

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


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("[2001:DB8::1]:80", "2001:db8::1"),
        ("Till.Example.:8765", "till.example"),
        ("a b", None),
        ("a\tb", None),
        ("a,b", None),
        (".", None),
        ("caf\xe9", None),
        ("[a b]", None),
    ],
)
def test_host_names(host: str, expected: str | None) -> None:
    assert host_name(host) == expected


def test_settings_are_compared_as_browsers_write() -> None:
    made = Surroundings.of(
        "::", "till.example:8765, [FD00::1]:8765, fd00:0::2", origins="https://POS.example:443, http://a:80"
    )
    assert made.hosts == {"::", "till.example", "fd00::1", "fd00::2"}
    assert made.origins == {"https://pos.example", "http://a"}
    assert made.knows("[fd00::1]:1", None)
    assert made.knows("till.example", None)


@pytest.mark.parametrize("host", ["*", "https://till.example", "till.example/x", "a b", "user@till.example", "a:port"])
def test_what_is_no_host_is_a_sentence(host: str) -> None:
    with pytest.raises(ConfigurationError, match="WASLA_ALLOWED_HOSTS: expected names"):
        Surroundings.of("127.0.0.1", host)


@pytest.mark.parametrize(
    "origin", ["*", "pos.example", "https://*.example", "https://pos.example/page", "https://", "://pos", "1a://pos"]
)
def test_what_is_no_origin_is_a_sentence(origin: str) -> None:
    with pytest.raises(ConfigurationError, match="WASLA_ALLOWED_ORIGINS: expected origins"):
        Surroundings.of("127.0.0.1", origins=origin)
