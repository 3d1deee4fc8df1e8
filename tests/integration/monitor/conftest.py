"""Ports for the monitor's tests."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest


@pytest.fixture
def free_ports() -> Callable[[int], list[int]]:
    """Find that many free ports of 127.0.0.1, no two of them the same."""

    def find(count: int) -> list[int]:
        sockets = [socket.socket() for _ in range(count)]
        try:
            for each in sockets:
                each.bind(("127.0.0.1", 0))
            return [each.getsockname()[1] for each in sockets]
        finally:
            for each in sockets:
                each.close()

    return find


@pytest.fixture
def free_port(free_ports: Callable[[int], list[int]]) -> int:
    """One free port of 127.0.0.1."""
    return free_ports(1)[0]
