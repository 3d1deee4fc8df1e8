"""A connection that is made again whatever ended it.

libzmq connects again after a broken link, but gives up for good when the peer refused it or spoke something else: a
gateway that once met a listener with another key, or a stranger at the listener's port, would be deaf until its
restart. After such an end it says that the connection ended, and not that it tries again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import zmq

from shared.bus.handshakes import Turn
from shared.bus.sockets import SocketGroup

GIVEN_UP_AFTER: Final = 1.0
"""Seconds after the end of a connection without a new attempt; libzmq makes its own within one, announced at once."""


class Dial:
    """Connects a socket and keeps it connected; ``on_turn`` hears of everything that happens to the connection."""

    def __init__(
        self,
        sockets: SocketGroup,
        socket: zmq.Socket[bytes],
        endpoint: str,
        on_turn: Callable[[Turn], None] = lambda _: None,
    ) -> None:
        self._sockets = sockets
        self._socket = socket
        self._endpoint = endpoint
        self._on_turn = on_turn
        self._again: asyncio.TimerHandle | None = None
        sockets.watch_turns(socket, self._note)
        sockets.connect(socket, endpoint)

    def _note(self, turn: Turn) -> None:
        if turn is Turn.RETRIED and self._again is not None:
            self._again.cancel()
        elif turn is Turn.ENDED:
            self._again = asyncio.get_running_loop().call_later(GIVEN_UP_AFTER, self._dial)
        self._on_turn(turn)

    def _dial(self) -> None:
        if self._sockets.closed:
            return
        with suppress(zmq.ZMQError):  # there is nothing left to disconnect after an end for good
            self._socket.disconnect(self._endpoint)
        self._sockets.connect(self._socket, self._endpoint)
        self._sockets.look_again()
