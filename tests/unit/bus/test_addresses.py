"""Addresses of the bus: read, divided in endpoints, refused with a sentence."""

from __future__ import annotations

import pytest

from shared.bus.addresses import parse_address, parse_addresses, require_local, require_reachable
from shared.errors import ConfigurationError


@pytest.mark.parametrize(
    ("text", "stream", "requests", "ipv6"),
    [
        ("tcp://127.0.0.1:8767", "tcp://127.0.0.1:8767", "tcp://127.0.0.1:8768", False),
        (" tcp://127.0.0.1:8767\n", "tcp://127.0.0.1:8767", "tcp://127.0.0.1:8768", False),
        ("tcp://localhost:1", "tcp://127.0.0.1:1", "tcp://127.0.0.1:2", False),
        ("tcp://station.example:65534", "tcp://station.example:65534", "tcp://station.example:65535", False),
        ("tcp://[::1]:8767", "tcp://[::1]:8767", "tcp://[::1]:8768", True),
        ("ipc:///run/wasla/bus", "ipc:///run/wasla/bus", "ipc:///run/wasla/bus.requests", False),
        ("ipc://.wasla/bus", "ipc://.wasla/bus", "ipc://.wasla/bus.requests", False),
    ],
)
def test_one_address_is_two_endpoints(text: str, stream: str, requests: str, ipv6: bool) -> None:
    address = parse_address(text)
    assert (address.stream, address.requests, address.ipv6) == (stream, requests, ipv6)
    assert address.text == text.strip()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "127.0.0.1:8767",
        "udp://127.0.0.1:8767",
        "tcp://127.0.0.1",
        "tcp://127.0.0.1:0",
        "tcp://127.0.0.1:65535",  # no room for the requests
        "tcp://127.0.0.1:99999",
        "tcp://127.0.0.1:8767/path",
        "tcp://:8767",
        "tcp://::1:8767",
        "tcp://host name:8767",
        "tcp://127.0.0.1:-1",
        "tcp://127.0.0.1:*",
    ],
)
def test_what_is_no_address_is_refused_with_what_was_expected(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"expected a bus address such as tcp://127\.0\.0\.1:8767 .* got "):
        parse_address(text)


@pytest.mark.parametrize("text", ["ipc://", "ipc://@abstract", "ipc:///run/\0"])
def test_ipc_wants_a_path(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"expected ipc:// and a path"):
        parse_address(text)


def test_an_ipc_path_must_leave_room_for_the_requests() -> None:
    longest = "ipc://" + "x" * 98
    assert len(parse_address(longest).requests.removeprefix("ipc://")) == 107
    with pytest.raises(ConfigurationError, match=r"at most 98 bytes, got 99"):
        parse_address(longest + "x")
    with pytest.raises(ConfigurationError, match=r"at most 98 bytes, got 100"):
        parse_address("ipc://" + "é" * 50)


def test_a_list_keeps_its_order() -> None:
    addresses = parse_addresses("tcp://10.0.0.2:8767, ipc://a,,tcp://127.0.0.1:8767,")
    assert [address.text for address in addresses] == ["tcp://10.0.0.2:8767", "ipc://a", "tcp://127.0.0.1:8767"]


@pytest.mark.parametrize("text", ["", " , ,"])
def test_an_empty_list_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="at least one bus address"):
        parse_addresses(text)


def test_an_address_twice_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="got tcp://localhost:8767 twice"):
        parse_addresses("tcp://127.0.0.1:8767,tcp://localhost:8767")


LOCAL = ["tcp://127.0.0.1:8767", "tcp://127.1.2.3:8767", "tcp://localhost:8767", "tcp://[::1]:8767", "ipc://bus"]
REMOTE = ["tcp://0.0.0.0:8767", "tcp://*:8767", "tcp://10.0.0.2:8767", "tcp://[::]:8767", "tcp://127.example:8767"]


@pytest.mark.parametrize("text", LOCAL)
def test_this_machine_is_reached_without_a_key(text: str) -> None:
    address = parse_address(text)
    assert require_reachable(address, has_key=False) is address
    assert require_local(address) is address


@pytest.mark.parametrize("text", REMOTE)
def test_other_machines_are_reached_only_with_a_key(text: str) -> None:
    address = parse_address(text)
    assert require_reachable(address, has_key=True) is address
    with pytest.raises(ConfigurationError, match=r"expected a bus key, because tcp://\S+ is .* wasla keys --only bus"):
        require_reachable(address, has_key=False)


@pytest.mark.parametrize("text", REMOTE)
def test_heartbeats_stay_on_this_machine(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"expected an address on this machine, got tcp://"):
        require_local(parse_address(text))
