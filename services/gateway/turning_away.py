"""Turns connections away that may not come in: a short HTTP answer to whatever they ask, at the least cost.

What they ask is read, not parsed: an answer that comes before its request confuses clients, and a socket that is closed
with unread bytes is reset (RFC 1122 section 4.2.2.13), which may overtake the answer. Few are waited for, and not for
long; the others are closed without a word, so that a flood of them costs nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import Final

from services.gateway.access.turnstile import TurnedAway

MOMENT: Final = 1.0
MAX_WAITING: Final = 64
MAX_REQUEST_BYTES: Final = 65_536


class TurningAway:
    """The sockets that have not asked yet."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: dict[socket.socket, asyncio.TimerHandle] = {}

    def answer(self, sock: socket.socket, reason: TurnedAway) -> None:
        """Say why as soon as something is asked, and close; *sock* is ours from now on."""
        if len(self._waiting) >= MAX_WAITING:
            sock.close()
            return
        self._waiting[sock] = self._loop.call_later(MOMENT, self._close, sock)
        self._loop.add_reader(sock, self._say, sock, response(reason))

    def close(self) -> None:
        """Close all of them."""
        for sock in list(self._waiting):
            self._close(sock)

    def _say(self, sock: socket.socket, answer: bytes) -> None:
        with contextlib.suppress(OSError):
            if sock.recv(MAX_REQUEST_BYTES):
                sock.send(answer)
        self._close(sock)

    def _close(self, sock: socket.socket) -> None:
        self._waiting.pop(sock).cancel()
        self._loop.remove_reader(sock)
        sock.close()


def response(reason: TurnedAway) -> bytes:
    """Return the whole answer (RFC 6585 section 4; RFC 9110 section 10.2.3)."""
    body = reason.sentence.encode()
    return (
        f"HTTP/1.1 {reason.status.value} {reason.status.phrase}\r\nConnection: close\r\n"
        f"Retry-After: {reason.retry_after}\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body
