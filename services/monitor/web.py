"""The monitor's own port: pages, JSON, readiness and metrics. Everything here is read-only.

``/`` is the status page, ``/assets/`` what the pages are made of and ``/client/`` the JavaScript client they import;
``/healthz`` says that the monitor answers, ``/readyz`` whether changes are delivered (200 or 503). The pages run no
script and take no style but files of this port, and talk to the gateways besides.
"""

from __future__ import annotations

import errno
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
from aiohttp import web
from aiohttp.typedefs import Middleware
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from services.monitor import metrics
from services.monitor.complaints import request_log
from services.monitor.content_policy import content_policy
from services.monitor.door import presented_key
from services.monitor.families import Families
from services.monitor.files import file_route, folder_routes, read_file
from services.monitor.history import INTERVAL
from services.monitor.ledger import Presence
from services.monitor.observations import Observations
from services.monitor.status import Status, read_status
from services.station.settings import StationSettings
from services.station.web import ASSETS as STATION_ASSETS
from services.station.web import add_station_routes
from shared.access.tls import Certificate
from shared.errors import WaslaError

_ASSETS = Path(__file__).with_name("assets")
_CLIENT = Path(__file__).parents[2] / "clients" / "javascript" / "src"

_HEADERS = {
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

IDLE_TIMEOUT = 20.0
"""Seconds until a connection must have made a request in full, the first or the next; the library waits for an hour."""

_SEEN = web.AppKey("seen", Observations)


def make_app(seen: Observations) -> web.Application:
    """Return the application; it only reads ``seen``."""
    app = web.Application()
    app[_SEEN] = seen
    app.on_response_prepare.append(_harden)
    app.add_routes(
        [
            file_route("/", read_file(_ASSETS / "status" / "index.html")),
            *folder_routes("/assets", _ASSETS),
            *folder_routes("/client", _CLIENT),
            file_route("/station", read_file(STATION_ASSETS / "index.html")),
            *folder_routes("/station/assets", STATION_ASSETS),
            web.get("/healthz", _healthz),
            web.get("/history.json", _history_json),
            web.get("/readyz", _readyz),
            web.get("/metrics", _metrics),
            web.get("/status.json", _status_json),
            web.get("/token.json", _token_json),
        ]
    )
    add_station_routes(app, StationSettings.load())
    return app


@asynccontextmanager
async def serving(
    seen: Observations,
    *,
    host: str,
    port: int,
    door: Middleware | None = None,
    certificate: Certificate | None = None,
) -> AsyncIterator[None]:
    """Serve for the length of the block, behind a door and by TLS where given; raise WaslaError when the address cannot
    be had."""
    app = make_app(seen)
    if door is not None:
        app.middlewares.append(door)
    runner = web.AppRunner(
        app, access_log=None, logger=request_log(), shutdown_timeout=1.0, keepalive_timeout=IDLE_TIMEOUT
    )
    await runner.setup()
    try:
        try:
            await web.TCPSite(
                runner, host, port, ssl_context=None if certificate is None else certificate.context
            ).start()
        except OSError as error:
            raise WaslaError(_sentence(error, host, port)) from None
        yield
    finally:
        await runner.cleanup()


async def _harden(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(_HEADERS)
    policy = content_policy(request.headers.get("Host"), request.app[_SEEN].gateway_url)
    response.headers["Content-Security-Policy"] = policy
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.pop("Server", None)


async def _healthz(_request: web.Request) -> web.Response:
    return web.Response(text="ok\n")


async def _readyz(request: web.Request) -> web.Response:
    status = _read(request)
    answer = {"ready": status.ready, "reasons": status.reasons, "warnings": status.warnings}
    return _json(answer, code=200 if status.ready else 503)


async def _status_json(request: web.Request) -> web.Response:
    return _json(_read(request))


async def _token_json(request: web.Request) -> web.Response:
    """The key that the browser itself presented to be let in here: its pages introduce themselves to the gateways with
    it, and the user is asked for it once."""
    return _json({"token": presented_key(request.headers.get("Authorization"))})


async def _history_json(request: web.Request) -> web.Response:
    return _json({"interval": INTERVAL, "columns": request.app[_SEEN].history.columns()})


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
