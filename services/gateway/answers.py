"""What the port answers to plain HTTP: ``GET /healthz``, and a sentence to everything else that is no WebSocket."""

from __future__ import annotations

from http import HTTPStatus

from websockets.http11 import Request, Response
from websockets.server import ServerProtocol

HEALTH_PATH = "/healthz"


def answer(protocol: ServerProtocol, request: Request, *, serving: bool) -> Response:
    """Return the response to a request: 101 to a WebSocket handshake, plain text otherwise."""
    path = request.path.partition("?")[0]
    if path == HEALTH_PATH:
        if serving:
            return protocol.reject(HTTPStatus.OK, "ok\n")
        return protocol.reject(HTTPStatus.SERVICE_UNAVAILABLE, "this gateway is draining\n")
    if request.headers.get("Upgrade") is None:
        return _not_a_websocket(protocol, path)
    return protocol.accept(request)


def not_http(protocol: ServerProtocol) -> Response:
    """Return the response to bytes that are no HTTP request."""
    return protocol.reject(HTTPStatus.BAD_REQUEST, "this is no HTTP request: connect with ws://\n")


def timed_out(protocol: ServerProtocol) -> Response:
    """Return the response to a request that was not completed in time."""
    return protocol.reject(HTTPStatus.REQUEST_TIMEOUT, "the request was not completed in time: connect again\n")


def _not_a_websocket(protocol: ServerProtocol, path: str) -> Response:
    if path == "/":
        response = protocol.reject(
            HTTPStatus.UPGRADE_REQUIRED, "this port speaks WebSocket: connect with ws://, or ask GET /healthz\n"
        )
        response.headers["Upgrade"] = "websocket"
        return response
    return protocol.reject(HTTPStatus.NOT_FOUND, "there is nothing here: connect with ws://, or ask GET /healthz\n")
