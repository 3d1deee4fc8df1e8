"""What the web server says of requests that are none: nothing, for strangers send as many of them as they like.

Each is answered with 400. The server would log each as an error with a traceback of its parser, a kilobyte a request.
"""

from __future__ import annotations

import logging

from aiohttp.http_exceptions import HttpProcessingError


def request_log() -> logging.Logger:
    """Return the server's log: errors of ours are written, unreadable requests are not."""
    log = logging.getLogger("services.monitor.requests")
    log.addFilter(_is_ours)
    return log


def _is_ours(record: logging.LogRecord) -> bool:
    return record.exc_info is None or not isinstance(record.exc_info[1], HttpProcessingError)
