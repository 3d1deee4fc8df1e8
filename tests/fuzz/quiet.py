"""Keeps the product's log quiet while it is told a million wrong things; every line is still rendered and written."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog


@contextmanager
def quiet() -> Iterator[None]:
    """Write the log to nowhere, as the machines' JSON, in UTF-8 alone; what was configured before comes back."""
    before, level = structlog.get_config(), logging.root.manager.disable
    with Path(os.devnull).open("w", encoding="utf-8", errors="strict") as nowhere:
        structlog.configure(
            processors=[structlog.processors.add_log_level, structlog.processors.JSONRenderer()],
            logger_factory=structlog.PrintLoggerFactory(file=nowhere),
            cache_logger_on_first_use=False,
        )
        logging.disable(logging.CRITICAL)
        try:
            yield
        finally:
            logging.disable(level)
            structlog.configure(**before)
