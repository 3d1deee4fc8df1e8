"""How addresses are counted, and how settings name them."""

from __future__ import annotations

import pytest

from shared.access.addresses import Networks, address, site
from shared.errors import ConfigurationError


def site_of(text: str) -> int:
    found = address(text)
    assert found is not None
    return site(found)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("0.0.0.1", "0:0:0:1::", False),
        ("255.255.255.255", "ffff:ffff:ffff:ffff::", False),
    ],
)
def test_who_is_counted_as_one(one: str, other: str, same: bool) -> None:
    assert (site_of(one) == site_of(other)) is same


@pytest.mark.parametrize("text", ["", "localhost", "192.0.2", "192.0.2.1:80", "[::1]", "unknown", "1.2.3.4 "])
def test_what_is_no_address(text: str) -> None:
    assert address(text) is None


def test_networks() -> None:
    networks = Networks.of("WASLA_X", " 10.1.0.0/16, 192.0.2.7,2001:db8::/32 ,")
    inside = ["10.1.255.1", "192.0.2.7", "::ffff:10.1.2.3", "2001:db8:ffff::1"]
    assert all(address(text) in networks for text in inside)
    assert not any(address(text) in networks for text in ["10.2.0.1", "192.0.2.8", "2001:db9::1"])
    assert not Networks.of("WASLA_X", None)
    assert not Networks.of("WASLA_X", "none")


@pytest.mark.parametrize("text", ["proxy.example", "10.0.0.1/8", "10.0.0.1:80", "[::1]", "10.0.0.0/33"])
def test_what_is_no_network_is_a_sentence(text: str) -> None:
    with pytest.raises(ConfigurationError, match="WASLA_X: expected addresses or networks like"):
        Networks.of("WASLA_X", f"10.0.0.1,{text}")
