"""``python -m services.postgres``: prepare the embedded server and become it.

With ``WASLA_DATABASE_URL`` set there is nothing to do: that is logged, and the process ends with an exit code of its
own, for a PostgreSQL that was told to end by somebody else than supervisord ends with 0 and has to be started again.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys

import structlog

from services import lifecycle
from services.postgres.launch import prepare
from services.postgres.server import become_server
from services.postgres.settings import PostgresSettings
from shared.database import describe

NOT_NEEDED = 3
"""Exit code that supervisord.conf expects, after which nothing is started again."""

COUNTED_AS_STARTED = 6.0
"""Seconds, more than supervisord.conf's startsecs: a process that ends earlier counts as one that failed to start."""
ONE_TURN = 0.001
"""Seconds; any timer makes the loop look at its signals once."""

log = structlog.get_logger(__name__)


async def launch(settings: PostgresSettings, stop: asyncio.Event) -> None:
    """Become the embedded server, unless another database is configured or the process is told to stop."""
    if settings.database_url is not None:
        await _step_aside(settings.database_url.get_secret_value(), stop)
        return
    prepared = await prepare(settings)
    await _leave_signals_to_the_server()
    if not stop.is_set():
        log.info("starting", version=prepared.version, data=str(prepared.data), address_in=str(prepared.url))
        become_server(prepared.command, prepared.account)


async def _leave_signals_to_the_server() -> None:
    """Let no signal fall between this process's handlers and the server's.

    What arrives from here on stays pending through ``exec`` until the server, which clears the mask, has handlers.
    What arrived before has set ``stop`` after one turn of the event loop.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    await asyncio.sleep(ONE_TURN)


async def _step_aside(url: str, stop: asyncio.Event) -> None:
    log.info("not needed: WASLA_DATABASE_URL is set", database=describe(url))
    if "SUPERVISOR_ENABLED" in os.environ:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), COUNTED_AS_STARTED)
    sys.exit(NOT_NEEDED)


if __name__ == "__main__":
    # Preparing a cluster holds the loop for as long as it takes, and what follows is PostgreSQL itself.
    lifecycle.run("postgres", PostgresSettings, launch, is_watched=False)
