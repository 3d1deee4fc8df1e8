"""Structured logs: a constant message and fields, for people on a terminal and for machines in a pipe.

``configure()`` once at the start of a process; everywhere else ``log = structlog.get_logger(__name__)``. Standard
library loggers (websockets, aiohttp, asyncio) go through the same formatter. Everything goes to standard error, so
that standard output stays for what a command was asked for. Tracebacks show no variables: secrets are among them.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog


def configure(*, level: str, format: str, process: str) -> None:  # noqa: A002 - the operator's word for it
    """Send every log record to stderr; ``format`` is ``auto``, ``console`` or ``json``."""
    as_json = format == "json" or (format == "auto" and not sys.stderr.isatty())
    shared_processors: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared_processors, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared_processors,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_renderers(as_json=as_json),
            ],
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # websockets logs every frame at DEBUG and every connection at INFO: the gateway reports those itself.
    logging.getLogger("websockets").setLevel(logging.WARNING)
    structlog.contextvars.bind_contextvars(process=process)


def _renderers(*, as_json: bool) -> list[Any]:
    if as_json:
        tracebacks = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        return [structlog.processors.ExceptionRenderer(tracebacks), structlog.processors.JSONRenderer()]
    return [
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
    ]
