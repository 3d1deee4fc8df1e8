"""Whatever a client writes into the header, it counts as the address that our proxy saw."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.access.addresses import Networks, address
from shared.access.forwarding import ForwardedHeader, Proxies

PEER = ipaddress.ip_address("127.0.0.1")
TRUSTED = Networks.of("WASLA_TRUSTED_PROXIES", "127.0.0.1,10.0.0.0/8")
words = st.sampled_from(['"', "\\", ",", ";", "for=", "for", "=", "10.0.0.1", "1.2.3.4", "[", "]", ":", " ", "unknown"])
hearsay = st.one_of(st.lists(words, max_size=30).map("".join), st.text(max_size=60))
strangers = st.one_of(
    st.ip_addresses(v=4).filter(lambda found: found not in TRUSTED),
    st.ip_addresses(v=6).filter(lambda found: address(str(found)) == found),
)


def written(found: ipaddress.IPv4Address | ipaddress.IPv6Address, header: ForwardedHeader) -> str:
    """Return what a proxy appends."""
    if header == "X-Forwarded-For":
        return str(found)
    return f"for={found};proto=http" if found.version == 4 else f'for="[{found}]:4711";proto=http'


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded"])
@given(hearsay, strangers, st.booleans(), st.booleans())
@example('for="', ipaddress.ip_address("2001:db8::1"), False, False)
def test_what_a_client_says_of_itself_changes_nothing(
    header: ForwardedHeader, said: str, seen: ipaddress.IPv4Address, is_own_line: bool, has_two_proxies: bool
) -> None:
    appended = [
        written(seen, header),
        *([written(ipaddress.ip_address("10.0.0.9"), header)] if has_two_proxies else []),
    ]
    lines = [said, ", ".join(appended)] if is_own_line else [", ".join([said, *appended])]
    assert Proxies(TRUSTED, header).client(PEER, lines) == seen


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded"])
@given(st.lists(hearsay, max_size=3))
def test_any_header_has_an_answer(header: ForwardedHeader, lines: list[str]) -> None:
    assert Proxies(TRUSTED, header).client(PEER, lines).version in (4, 6)
