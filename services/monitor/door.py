"""Who may look at the status page: the right host by name, and beyond this machine whoever has the client key.

A page of any site can have a browser ask this port; under a name that its owner lets point here (DNS rebinding) it
could read the answers, too. So only hosts that this machine is known by are answered. Where other machines reach the
port, the client key is asked for, by HTTP's own means (RFC 7617, any user name; RFC 6750 for tools): no cookie,
nothing to forge. ``/healthz`` says nothing and is for everybody. One address may ask so often; behind proxies that are
trusted it is the client's.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web
from aiohttp.typedefs import Middleware
from prometheus_client import Counter

from services.monitor.settings import MonitorSettings
from shared.access.audit import RefusalLog
from shared.access.client_key import ClientKey, client_key
from shared.access.exposure import is_loopback, refuse_exposed
from shared.access.hosts import Surroundings
from shared.access.sources import Sources
from shared.access.visitors import SiteRates

log = structlog.get_logger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

RUSH = 20.0
"""Seconds' worth of requests that may come at once: a page is made of some fifty files."""

REQUEST_RATE = "request_rate"
_REMOTE = web.RequestKey("remote", str)

_OPEN = "/healthz"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_ASK = {"WWW-Authenticate": 'Basic realm="Wasla: any name, the client key as password", charset="UTF-8"'}


class Door:
    """What every request passes first; raises ConfigurationError where the address may not be opened."""

    def __init__(self, settings: MonitorSettings, limits_reached: Counter | None = None) -> None:
        refuse_exposed(settings.status_host, "WASLA_STATUS_HOST", settings)
        self._settings = settings
        self._surroundings = Surroundings.of(settings.status_host, settings.allowed_hosts)
        is_exposed = not is_loopback(settings.status_host)
        self._asks = is_exposed and not settings.allow_anonymous
        if is_exposed and not self._asks:
            log.warning("anybody may look at the status page", host=settings.status_host)
        self._key = client_key(settings)
        self._audit = RefusalLog()
        self._sources = Sources(settings)
        rate = settings.status_max_requests_per_second
        self._rates = SiteRates(rate=rate, burst=rate * RUSH)
        self._reached = None if limits_reached is None else limits_reached.labels(REQUEST_RATE)
        self._limit_audit = RefusalLog(max_lines=1)

    def reload(self) -> None:
        """Read the client key again; raise ConfigurationError and keep the former where that cannot be."""
        refuse_exposed(self._settings.status_host, "WASLA_STATUS_HOST", self._settings)
        self._key = client_key(self._settings)

    @property
    def middleware(self) -> Middleware:
        """Return it as an application takes it."""

        @web.middleware
        async def pass_door(request: web.Request, handler: Handler) -> web.StreamResponse:
            self._check_rate(request)
            if request.path != _OPEN:
                _check_host(request, self._surroundings, self._audit)
                if self._asks:
                    _check_key(request, self._key, self._audit)
            return await handler(request)

        return pass_door

    def _check_rate(self, request: web.Request) -> None:
        found = self._sources.client(request.remote, request.headers.getall(self._sources.header, []))
        where, now = self._sources.counted_as(found), time.monotonic()
        request[_REMOTE] = "" if found is None else str(found)
        if where is None or self._rates.takes(where, now):
            return
        if self._reached is not None:
            self._reached.inc()
        _note(self._limit_audit, request, REQUEST_RATE)
        raise web.HTTPTooManyRequests(
            text="too many requests come from your address: ask again after a while\n",
            headers={"Retry-After": str(self._rates.retry_after(where, now))},
        )


def presented_key(authorization: str | None) -> str | None:
    """Return the key in an ``Authorization`` header: the password of Basic, or the token of Bearer."""
    scheme, _, value = (authorization or "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() != "basic":
        return None
    try:
        _, separator, password = base64.b64decode(value, validate=True).decode().partition(":")
    except ValueError:  # beyond ASCII, not base64, or not UTF-8
        return None
    return password if separator else None


def _check_host(request: web.Request, surroundings: Surroundings, audit: RefusalLog) -> None:
    local = request.transport.get_extra_info("sockname") if request.transport is not None else None
    address = str(local[0]) if isinstance(local, tuple) else None
    host = request.headers.get("Host")
    if not surroundings.knows(host, address):
        _note(audit, request, "host", host=host or "")
        raise web.HTTPForbidden(text="this machine is not known by that name: name it in WASLA_ALLOWED_HOSTS\n")
    origins = request.headers.getall("Origin", [])
    if request.method not in _SAFE and not surroundings.admits(origins, host, address):
        _note(audit, request, "origin", origin=origins[0])
        raise web.HTTPForbidden(text="pages of that origin may change nothing here\n")


def _check_key(request: web.Request, key: ClientKey | None, audit: RefusalLog) -> None:
    presented = presented_key(request.headers.get("Authorization"))
    if presented is None or key is None or not key.is_same(presented):
        if presented is not None:
            _note(audit, request, "wrong_key")
        raise web.HTTPUnauthorized(text="expected the client key as password\n", headers=_ASK)


def _note(audit: RefusalLog, request: web.Request, why: str, **fields: str) -> None:
    audit.refused(remote=request[_REMOTE], what="status page", why=why, now=time.monotonic(), **fields)
