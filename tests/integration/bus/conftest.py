"""On the loop that the processes run on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import uvloop


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run these tests on uvloop."""
    return {"uvloop": uvloop.new_event_loop}
