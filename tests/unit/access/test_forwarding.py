"""Whom a proxy speaks for: what it says counts, what its client says does not."""

from __future__ import annotations

import pytest

from shared.access.addresses import Networks, address
from shared.access.forwarding import MAX_HOPS, ForwardedHeader, Proxies

TRUSTED = Networks.of("WASLA_TRUSTED_PROXIES", "127.0.0.1,10.0.0.0/8,2001:db8:aaaa::/48")


def client(peer: str, *lines: str, header: ForwardedHeader = "X-Forwarded-For") -> str:
    found = address(peer)
    assert found is not None
    return str(Proxies(TRUSTED, header).client(found, lines))


@pytest.mark.parametrize(
    ("peer", "lines", "expected"),
    [
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),  # no proxy of ours: what it says is nothing
        ("127.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", [""], "127.0.0.1"),
        ("127.0.0.1", ["1.1.1.1, 198.51.100.1"], "198.51.100.1"),  # the client made up the first
        ("127.0.0.1", ["1.1.1.1", "198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", ["198.51.100.1, 10.0.0.7"], "198.51.100.1"),  # two proxies of ours
        ("127.0.0.1", ["198.51.100.1,10.0.0.7 , 10.9.9.9"], "198.51.100.1"),
        ("127.0.0.1", ["10.0.0.8, 10.0.0.7"], "10.0.0.8"),  # somebody of our own
        ("127.0.0.1", ["198.51.100.1, unknown"], "127.0.0.1"),
        ("127.0.0.1", ["198.51.100.1, unknown, 10.0.0.7"], "10.0.0.7"),
        ("127.0.0.1", ["198.51.100.1:4711"], "198.51.100.1"),
        ("127.0.0.1", ["[2001:db8::5]:4711"], "2001:db8::5"),
        ("127.0.0.1", ["2001:db8::5"], "2001:db8::5"),
        ("127.0.0.1", ["::ffff:198.51.100.1"], "198.51.100.1"),
        ("::ffff:127.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("2001:db8:aaaa::1", ["198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", [", ".join(["198.51.100.1"] + ["10.0.0.1"] * (MAX_HOPS - 1))], "198.51.100.1"),
        ("127.0.0.1", [", ".join(["198.51.100.1"] + ["10.0.0.1"] * MAX_HOPS)], "10.0.0.1"),
    ],
)
def test_x_forwarded_for(peer: str, lines: list[str], expected: str) -> None:
    assert client(peer, *lines) == expected


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["for=198.51.100.1"], "198.51.100.1"),
        (['For="198.51.100.1:80";proto=https;by=10.0.0.1'], "198.51.100.1"),
        (['proto=https; for="[2001:db8::5]:4711"'], "2001:db8::5"),
        (["for=1.1.1.1, for=198.51.100.1;proto=http"], "198.51.100.1"),
        (["for=198.51.100.1, for=10.0.0.7"], "198.51.100.1"),
        (['for="1.1.1.1, for=198.51.100.1'], "198.51.100.1"),  # a quote of the client's that does not end
        (['for="1.1.1.1, for="[2001:db8::5]"'], "2001:db8::5"),
        (['for=", for=198.51.100.1;host="a,b;c"'], "198.51.100.1"),
        (["for=_hidden"], "127.0.0.1"),
        (["proto=https"], "127.0.0.1"),
        (["xfor=198.51.100.1"], "127.0.0.1"),
    ],
)
def test_forwarded(lines: list[str], expected: str) -> None:
    assert client("127.0.0.1", *lines, header="Forwarded") == expected
