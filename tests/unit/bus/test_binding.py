"""Which address of the bus a listener opens."""

from __future__ import annotations

import pytest

from shared.bus.binding import bind_address, is_own
from shared.errors import ConfigurationError

BOTH = "tcp://10.0.0.1:8767,tcp://10.0.0.2:8767"


def machine(*hosts: str):
    return lambda host: host in hosts


def test_what_is_configured_is_taken() -> None:
    assert bind_address("tcp://0.0.0.0:9000", BOTH, owned=machine()).text == "tcp://0.0.0.0:9000"


@pytest.mark.parametrize("own", ["10.0.0.1", "10.0.0.2"])
def test_each_machine_finds_its_own_in_the_same_list(own: str) -> None:
    assert bind_address(None, BOTH, owned=machine(own)).text == f"tcp://{own}:8767"


@pytest.mark.parametrize("connect", ["tcp://127.0.0.1:8767", "tcp://localhost:8767", "ipc:///run/bus"])
def test_one_machine_needs_no_network(connect: str) -> None:
    assert bind_address(None, connect, owned=machine()).text == connect


@pytest.mark.parametrize(
    ("connect", "owned", "found"),
    [
        (BOTH, (), "found none"),
        (BOTH, ("10.0.0.1", "10.0.0.2"), "found tcp://10.0.0.1:8767 and tcp://10.0.0.2:8767"),
        ("tcp://station-a:8767", ("station-a",), "found none"),
    ],
)
def test_a_list_that_does_not_say_is_refused(connect: str, owned: tuple[str, ...], found: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"expected one address .* {found}; .* set WASLA_BUS_BIND"):
        bind_address(None, connect, owned=machine(*owned))


def test_the_kernel_knows_what_is_own() -> None:
    assert is_own("127.0.0.1")
    assert not is_own("192.0.2.1")
    assert not is_own("2001:db8::1")
