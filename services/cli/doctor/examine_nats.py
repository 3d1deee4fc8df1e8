"""Looks at the NATS servers of the bus: is one reached with what this machine shows. Blocks for seconds at most."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from services.cli.doctor.facts import NatsFacts
from services.cli.gateways import samples
from services.cli.monitor_page import fetch_metrics
from services.cli.places import in_place
from services.pg_listener.settings import ListenerSettings
from shared.bus.opening import nats_access
from shared.errors import ConfigurationError, WaslaError

PATIENCE = 3.0
"""Seconds for a connection: every server that is named is tried meanwhile."""

BEHIND = "wasla_stream_behind_events"


def examine_nats(settings: ListenerSettings, servers: tuple[str, ...], monitor: str) -> NatsFacts:
    """Return what is seen of *servers*, and what the monitor at *monitor* tells of the stream."""
    found = in_place(settings, "bus_credentials", "bus_ca")
    try:
        with _without_a_false_alarm():
            return asyncio.run(_reach(found, servers, _behind(monitor)))
    except ConfigurationError as error:
        return NatsFacts(refusal=str(error))


async def _reach(settings: ListenerSettings, servers: tuple[str, ...], behind: int | None) -> NatsFacts:
    access = nats_access(settings, servers)
    from shared.bus.jetstream.connection import Connection  # noqa: PLC0415 - optional, and there by now

    connection = Connection(access, name="wasla doctor", inbox=f"{settings.bus_prefix}.inbox.doctor", is_quiet=True)
    try:
        async with asyncio.timeout(PATIENCE):
            await connection.up.wait()
        return NatsFacts(server=connection.server, version=connection.version, behind=behind)
    except TimeoutError:
        return NatsFacts(failure=connection.reason or f"nothing answers within {PATIENCE:g} s")
    finally:
        await connection.close()


@contextmanager
def _without_a_false_alarm() -> Iterator[None]:
    """Drop what asyncio says at each end of TLS, that a return value has no effect: it is the library's, not ours."""
    logger = logging.getLogger("asyncio")
    logger.addFilter(_is_meant)
    try:
        yield
    finally:
        logger.removeFilter(_is_meant)


def _is_meant(record: logging.LogRecord) -> bool:
    return "eof_received()" not in record.getMessage()


def _behind(monitor: str) -> int | None:
    try:
        found = [int(sample.value) for sample in samples(fetch_metrics(monitor), {BEHIND})]
    except (WaslaError, ValueError):
        return None
    return max(found, default=None)
