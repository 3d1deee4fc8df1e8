"""On the loop that the processes run on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
import uvloop

from shared.bus.jetstream import reading, stream


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run these tests on uvloop."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture(autouse=True)
def _an_answer_may_take_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """No question here goes without an answer, and the server may share its machine."""
    monkeypatch.setattr(stream, "API_TIMEOUT", 60.0)
    monkeypatch.setattr(reading, "TIMEOUT", 60.0)
