"""A gateway for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.integration.clients.gateway import Gateway, listening


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    """It speaks when the test does."""
    async with listening() as one:
        yield one
