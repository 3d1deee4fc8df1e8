"""CURVE on the bus's sockets: encryption, and who is let in (RFC 25, 26 and 27; zmq_curve(7)).

libzmq asks, for each connection, a socket of the same context (ZAP, RFC 27) whether the peer's public key is welcome;
:class:`KeyCheck` is that socket. Without an answer nobody is let in.
"""

from __future__ import annotations

from typing import Final

import zmq
from zmq.utils import z85

from shared.bus.keys import BusKey

_DOMAIN: Final = b"wasla"
_ENDPOINT: Final = "inproc://zeromq.zap.01"
_CREDENTIALS: Final = 6
"""Frames of a request before the peer's public key."""


def serve_with(socket: zmq.Socket[bytes], key: BusKey) -> None:
    """Let a socket that is about to bind admit only who is checked."""
    socket.set(zmq.CURVE_SERVER, 1)
    socket.set(zmq.CURVE_SECRETKEY, key.secret)
    socket.set(zmq.ZAP_DOMAIN, _DOMAIN)
    # Otherwise a check that is not there would let everybody in.
    socket.set(zmq.ZAP_ENFORCE_DOMAIN, 1)


def connect_with(socket: zmq.Socket[bytes], key: BusKey) -> None:
    """Let a socket that is about to connect talk only to a server that holds the key."""
    socket.set(zmq.CURVE_SERVERKEY, key.public)
    socket.set(zmq.CURVE_PUBLICKEY, key.public)
    socket.set(zmq.CURVE_SECRETKEY, key.secret)


class KeyCheck:
    """Answers libzmq for one context; to be bound before the sockets it guards, and asked when it may be readable."""

    def __init__(self, socket: zmq.Socket[bytes], key: BusKey) -> None:
        self._socket = socket
        self._welcome = z85.decode(key.public)
        socket.bind(_ENDPOINT)

    def answer(self) -> None:
        """Answer whatever was asked."""
        while True:
            try:
                frames = self._socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            self._socket.send_multipart(self._reply(frames), zmq.NOBLOCK)

    def _reply(self, frames: list[bytes]) -> tuple[bytes, ...]:
        version, request_id, *_ = frames
        # Several sockets of one end agree on one key, so domain, address and mechanism make no difference.
        status = (b"200", b"") if frames[_CREDENTIALS:] == [self._welcome] else (b"400", b"unknown key")
        return (version, request_id, *status, b"", b"")
