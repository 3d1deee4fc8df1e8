"""What comes from one client: bytes into a parser, and out of it the messages, as far as the limits go.

Without a socket and without a clock. The bytes wait here until their slice has its turn; every frame of any kind
counts, and so does every byte of an open connection. What is over a limit is told, and the connection decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import CONNECTING
from websockets.server import ServerProtocol

from services.gateway.limits import RUSH, Limit
from services.gateway.settings import GatewaySettings
from shared.rates import Bucket, Rate

SLICE_BYTES: Final = 4096
"""What is parsed in one turn of the loop."""

MAX_FRAGMENTS: Final = 1024
"""Frames that one message may come in."""

OPENING_BYTES: Final = 8
"""How many of the first bytes are kept, to tell what speaks there."""

_BLANK_LINE: Final = b"\r\n\r\n"
"""Ends a request without a body (RFC 9112 section 2.1)."""


@dataclass(frozen=True, slots=True)
class Binary:
    """A binary message or a fragment of one: nobody has any use for it, so nothing of it is kept."""


Happened = Request | bytes | Binary | Limit
"""A request, a text message, something binary, or the limit that was reached, after which nothing follows."""


class Incoming:
    """``opening`` is what the connection began with."""

    __slots__ = (
        "_bytes",
        "_fragments",
        "_frames",
        "_head",
        "_message",
        "_protocol",
        "_settings",
        "_unparsed",
        "opening",
    )

    def __init__(self, protocol: ServerProtocol, settings: GatewaySettings) -> None:
        self._protocol = protocol
        self._settings = settings
        self._unparsed = bytearray()
        self._frames = Rate()
        self._bytes = Bucket()
        self._message: bytearray | None = None
        self._fragments = 0
        self._head = b""
        self.opening = b""

    def __bool__(self) -> bool:
        """Tell whether something waits to be parsed."""
        return bool(self._unparsed)

    def add(self, data: bytes) -> None:
        """Keep what came until it is parsed."""
        if len(self.opening) < OPENING_BYTES:
            self.opening = (self.opening + data)[:OPENING_BYTES]
        self._unparsed += data

    def is_within(self, count: int, now: float) -> bool:
        """Count bytes that came, and tell whether the client may send as many."""
        rate = self._settings.max_bytes_per_second
        burst = max(rate * RUSH, self._settings.max_message_bytes + SLICE_BYTES)
        return self._bytes.takes(count, now, rate=rate, burst=burst)

    def drop(self) -> None:
        """Forget what waits."""
        self._unparsed.clear()

    def parse(self) -> None:
        """Parse the next slice; of what came before the handshake is answered, the request alone."""
        data = bytes(self._unparsed[:SLICE_BYTES])
        if self._protocol.state is CONNECTING:
            # The parser would go on to frames behind it and answer those first, or end our half with 101 yet to say.
            end = (self._head + data).find(_BLANK_LINE)
            data = data if end < 0 else data[: end + len(_BLANK_LINE) - len(self._head)]
            self._head = (self._head + data)[-len(_BLANK_LINE) + 1 :]
        del self._unparsed[: len(data)]
        self._protocol.receive_data(data)

    def happened(self, now: float) -> Iterator[Happened]:
        """Yield what was parsed since."""
        for event in self._protocol.events_received():
            if isinstance(event, Request):
                yield event
            elif isinstance(event, Frame):
                if self._frames.exceeds(self._settings.max_frames_per_second, now):
                    yield Limit.FRAMES
                    return
                if self._protocol.extensions and not self.is_within(len(event.data), now):
                    yield Limit.BYTES  # few bytes may have become many: they count as that, too
                    return
                message = self._frame(event)
                if message is not None:
                    yield message

    def _frame(self, frame: Frame) -> Happened | None:
        if frame.opcode is Opcode.TEXT and frame.fin:
            return bytes(frame.data)
        if frame.opcode is Opcode.BINARY:
            return Binary()
        return self._fragment(frame) if frame.opcode in (Opcode.TEXT, Opcode.CONT) else None

    def _fragment(self, frame: Frame) -> Happened | None:
        if frame.opcode is Opcode.TEXT:
            self._message, self._fragments = bytearray(), 0
        if self._message is None:
            return None
        self._message += frame.data
        self._fragments += 1
        if self._fragments > MAX_FRAGMENTS:
            self._message = None
            return Limit.MESSAGE_SIZE
        if not frame.fin:
            return None
        message, self._message = self._message, None
        return bytes(message)
