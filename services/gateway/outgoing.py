"""What goes to one client by way of the protocol: handshake and close, down to the end of our half.

Frames of the stream are written straight to the transport. When our half has ended the client may still send, for it
has our last words to read first; nothing of that is heard.
"""

from __future__ import annotations

import asyncio

from websockets.http11 import Response
from websockets.server import ServerProtocol


class Outgoing:
    """``ended``: nothing is written any more, and nothing heard."""

    __slots__ = ("_protocol", "_transport", "ended")

    def __init__(self, protocol: ServerProtocol, transport: asyncio.Transport) -> None:
        self._protocol = protocol
        self._transport = transport
        self.ended = False

    def flush(self) -> None:
        """Write what the protocol has to say; an empty piece of that is the end of our half."""
        for data in self._protocol.data_to_send():
            self._write(data)

    def flush_or_say(self, response: Response) -> None:
        """Write what the protocol has to say, and *response* where that is nothing but the end."""
        pending = self._protocol.data_to_send()
        if pending == [b""]:
            self._transport.write(response.serialize())
        for data in pending:
            self._write(data)

    def end(self) -> None:
        """Close our half. Idempotent."""
        if self.ended:
            return
        self.ended = True
        if self._transport.can_write_eof():
            self._transport.write_eof()
        else:
            self._transport.close()  # TLS has no half of a connection: its close says so, and drops what still comes

    def hang_up(self) -> None:
        """Close the connection without a word."""
        self.ended = True
        self._transport.close()

    def _write(self, data: bytes) -> None:
        if data:
            self._transport.write(data)
        else:
            self.end()
