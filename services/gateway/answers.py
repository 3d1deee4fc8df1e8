"""What the port answers to plain HTTP: ``GET /healthz``, and a sentence to all else that is no WebSocket."""

from __future__ import annotations

from http import HTTPMethod, HTTPStatus

from websockets.http11 import Request, Response
from websockets.server import ServerProtocol

from services.gateway.access.turnstile import TurnedAway, Turnstile, Visit

HEALTH_PATH = "/healthz"
OTHER_METHODS = frozenset(HTTPMethod) - {HTTPMethod.GET}


def answer(
    protocol: ServerProtocol, request: Request, turnstile: Turnstile, visit: Visit, *, serving: bool
) -> Response:
    """Return the response to a request: 101 to a WebSocket handshake, plain text otherwise.

    Only now it is known whom a proxy speaks for, and that one may have to be turned away.
    """
    try:
        turnstile.introduce(visit, request.headers.get_all(turnstile.forwarded_header))
    except TurnedAway as reason:
        return _turned_away(protocol, reason)
    return _answer(protocol, request, serving=serving)


def _answer(protocol: ServerProtocol, request: Request, *, serving: bool) -> Response:
    if request.method != HTTPMethod.GET:
        return _not_allowed(protocol, request.method)
    path = request.path.partition("?")[0]
    if path == HEALTH_PATH:
        if serving:
            return protocol.reject(HTTPStatus.OK, "ok\n")
        return protocol.reject(HTTPStatus.SERVICE_UNAVAILABLE, "this gateway is draining\n")
    if "Upgrade" not in request.headers:  # get() would raise for one that comes twice
        return _not_a_websocket(protocol, path)
    return protocol.accept(request)


def unreadable(protocol: ServerProtocol, opening: bytes) -> Response:
    """Return the response to what the parser does not take: no HTTP, or a request with a body.

    *opening* is its first eight bytes, enough for the longest method that has a meaning here and the space after it.
    """
    method = opening.partition(b" ")[0].decode("ascii", "replace")
    if method in OTHER_METHODS:
        return _not_allowed(protocol, method)
    return protocol.reject(HTTPStatus.BAD_REQUEST, "this is no HTTP request: connect with ws://\n")


def _turned_away(protocol: ServerProtocol, reason: TurnedAway) -> Response:
    response = protocol.reject(reason.status, reason.sentence)
    response.headers["Retry-After"] = str(reason.retry_after)
    return response


def timed_out(protocol: ServerProtocol) -> Response:
    """Return the response to a request that was not completed in time."""
    return protocol.reject(HTTPStatus.REQUEST_TIMEOUT, "the request was not completed in time: connect again\n")


def _not_allowed(protocol: ServerProtocol, method: str) -> Response:
    response = protocol.reject(HTTPStatus.METHOD_NOT_ALLOWED, "this port answers GET alone: connect with ws://\n")
    response.headers["Allow"] = "GET"
    if method == HTTPMethod.HEAD:
        # RFC 9110 section 9.3.2: what GET would say about itself, and no content.
        response.body = b""
    return response


def _not_a_websocket(protocol: ServerProtocol, path: str) -> Response:
    if path == "/":
        response = protocol.reject(
            HTTPStatus.UPGRADE_REQUIRED, "this port speaks WebSocket: connect with ws://, or ask GET /healthz\n"
        )
        response.headers["Upgrade"] = "websocket"
        return response
    return protocol.reject(HTTPStatus.NOT_FOUND, "there is nothing here: connect with ws://, or ask GET /healthz\n")
