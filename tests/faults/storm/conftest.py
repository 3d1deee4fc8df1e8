"""The loop that the processes run on: it serves the swarm faster, too."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import uvloop


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run these tests on the loop that the processes run on."""
    return {"uvloop": uvloop.new_event_loop}
