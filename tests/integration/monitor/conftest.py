"""Ports for the monitor's tests."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests import ports


@pytest.fixture
def free_ports() -> Callable[[int], list[int]]:
    """Find that many free ports of 127.0.0.1, no two of them the same; they stay free until somebody listens there."""

    def find(count: int) -> list[int]:
        first = ports.free_ports(count)
        return list(range(first, first + count))

    return find


@pytest.fixture
def free_port(free_ports: Callable[[int], list[int]]) -> int:
    """One free port of 127.0.0.1."""
    return free_ports(1)[0]
