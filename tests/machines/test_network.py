"""The harness itself: a fault does what it says, in the direction it says, and leaves nothing behind."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.machines.network import NAMESPACES, Machine, Network, network

TRIES = 50
PATIENCE = 60.0
"""Seconds until what should be there counts as lost."""


@pytest.fixture
def net() -> Iterator[Network]:
    with network("a", "b") as made:
        yield made


def sent(source: Machine, destination: Machine, count: int = 1, *, patience: float = 1.0) -> int:
    """Send datagrams and return how many arrived, each within *patience* seconds of the one before.

    On one kernel they are there when they were sent, unless it has other things to do.
    """
    with destination.entered():
        receiver = socket.socket(type=socket.SOCK_DGRAM)
    with source.entered():
        sender = socket.socket(type=socket.SOCK_DGRAM)
    with receiver, sender:
        receiver.bind((destination.address, 9999))
        receiver.settimeout(patience)
        for _ in range(count):
            sender.sendto(b"x", (destination.address, 9999))
        arrived = 0
        try:
            while arrived < count:
                receiver.recv(1)
                arrived += 1
        except TimeoutError:
            pass
        return arrived


def both_ways(a: Machine, b: Machine) -> tuple[bool, bool]:
    """Tell whether what either sends arrives at the other."""
    return sent(a, b, patience=PATIENCE) == 1, sent(b, a, patience=PATIENCE) == 1


def test_cuts_have_a_direction(net: Network) -> None:
    a, b = net.machines.values()
    assert both_ways(a, b) == (True, True)
    net.cut(a, b)
    assert (sent(a, b), sent(b, a, patience=PATIENCE)) == (0, 1)
    net.partition(a, b)
    assert (sent(a, b), sent(b, a)) == (0, 0)
    net.heal()
    assert both_ways(a, b) == (True, True)


def test_loss_is_partial(net: Network) -> None:
    a, b = net.machines.values()
    net.lose(a, 50)
    assert 0 < sent(a, b, 100) < 100


def test_a_cable_is_out_or_in(net: Network) -> None:
    a, b = net.machines.values()
    a.unplug()
    assert sent(b, a) == 0
    a.plug()
    assert any(sent(b, a) for _ in range(TRIES))


def test_a_machine_goes_without_a_word_and_comes_back_empty(net: Network) -> None:
    a, b = net.machines.values()
    with a.entered():
        server = socket.create_server((a.address, 9998))
    with b.entered():
        client = socket.create_connection((a.address, 9998))
    process = subprocess.Popen(a.command(sys.executable, "-c", "import time; time.sleep(600)"))
    a.power_off()
    process.wait(30)
    client.settimeout(0.2)
    with client, server, pytest.raises(TimeoutError):
        client.recv(1)
    a.power_on()
    assert a.processes() == []
    assert any(sent(b, a) for _ in range(TRIES))


def test_what_an_interrupted_run_left_is_removed() -> None:
    with network("a") as left:
        process = subprocess.Popen(left.machines["a"].command("sleep", "600"))
        assert (NAMESPACES / left.hub).exists()
        with network("a") as other:
            process.wait(30)
            assert sent(other.machines["a"], other.machines["a"], patience=PATIENCE) == 1
    assert list(NAMESPACES.glob(f"{left.prefix}*")) == []
