"""The monitor's own port: page, JSON, readiness and metrics. Everything is read-only.

``/healthz`` says that the monitor answers, ``/readyz`` whether changes are delivered (200 or 503).
"""

from __future__ import annotations

import errno
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
from aiohttp import web
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from services.monitor import metrics, page
from services.monitor.families import Families
from services.monitor.ledger import Presence
from services.monitor.observations import Observations
from services.monitor.status import Status, read_status
from shared.errors import WaslaError

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": f"default-src 'none'; style-src '{page.STYLE_HASH}'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

_SEEN = web.AppKey("seen", Observations)


def make_app(seen: Observations) -> web.Application:
    """Return the application; it only reads ``seen``."""
    app = web.Application()
    app[_SEEN] = seen
    app.on_response_prepare.append(_harden)
    app.add_routes(
        [
            web.get("/", _page),
            web.get("/healthz", _healthz),
            web.get("/readyz", _readyz),
            web.get("/metrics", _metrics),
            web.get("/status.json", _status_json),
        ]
    )
    return app


@asynccontextmanager
async def serving(seen: Observations, *, host: str, port: int) -> AsyncIterator[None]:
    """Serve for the length of the block; raise WaslaError when the address cannot be had."""
    runner = web.AppRunner(make_app(seen), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise WaslaError(_sentence(error, host, port)) from None
        yield
    finally:
        await runner.cleanup()


async def _harden(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(_HEADERS)
    response.headers.pop("Server", None)


async def _healthz(_request: web.Request) -> web.Response:
    return web.Response(text="ok\n")


async def _readyz(request: web.Request) -> web.Response:
    status = _read(request)
    answer = {"ready": status.ready, "reasons": status.reasons, "warnings": status.warnings}
    return _json(answer, code=200 if status.ready else 503)


async def _status_json(request: web.Request) -> web.Response:
    return _json(_read(request))


async def _page(request: web.Request) -> web.Response:
    return web.Response(text=page.render(_read(request)), content_type="text/html")


async def _metrics(request: web.Request) -> web.Response:
    families = Families()
    for family in metrics.describe(_read(request)):
        families.add(family)
    for process, entry in request.app[_SEEN].ledger.entries.items():
        if entry.presence is not Presence.LOST:  # what a lost process last said would look alive
            families.add_text(entry.heartbeat.metrics, {"process": process, "machine": entry.heartbeat.machine})
    families.add(metrics.malformed(families.malformed))
    return web.Response(body=families.text(), headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})


def _read(request: web.Request) -> Status:
    return read_status(request.app[_SEEN], now=time.monotonic(), unix_now=time.time())


def _json(answer: object, *, code: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(answer), status=code, content_type="application/json")


def _sentence(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"WASLA_STATUS_PORT: expected a free port, but {host}:{port} is taken; "
            "stop what listens there, or set another port"
        )
    return f"WASLA_STATUS_HOST: expected an address of this machine, got {host}:{port} ({error.strerror})"
