"""The limit: a loop of ``send()`` in C, with nothing around it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from tests.benchmarks.children import child, free_port
from tests.benchmarks.load.generator import Approach, compiled
from tests.benchmarks.peers.contract import Place, Running
from tests.benchmarks.peers.feeds import StreamFeed


class Limit:
    """``load/limit.c``."""

    name = "C send() loop"

    def missing(self) -> str | None:
        """The load needs the same compiler and says so itself."""
        return None

    @contextlib.asynccontextmanager
    async def running(self, place: Place) -> AsyncIterator[Running]:
        """Run it."""
        port, feed_port = free_port(), free_port()
        program = compiled("limit", place.directory)
        with child(
            [program, str(place.clients), str(port), str(feed_port)], place.directory, core=place.core
        ) as process:
            await asyncio.to_thread(process.wait_for_port, port)
            yield Running(process, port, Approach(framing="bare"), StreamFeed(feed_port))
