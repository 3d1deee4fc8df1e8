"""One client's connection: bytes in, frames out, deadlines kept.

An :class:`asyncio.Protocol` around the sans-I/O server of ``websockets``: no task, no timer and no queue of its own.
The gateway sweeps over all connections once a second and asks each what is overdue. Frames are written straight to the
transport; when that is above its high-water mark nothing is read from the client either, so that a client that asks
without reading cannot pile up answers.

Life: ``HANDSHAKE`` (HTTP) -> ``OPEN`` (WebSocket) -> ``CLOSING`` (a close was sent or received) -> gone. In every
phase but OPEN the ``deadline`` (monotonic seconds) ends it; in OPEN it is the register deadline until registered.
"""

from __future__ import annotations

import asyncio
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from services.gateway import answers
from services.gateway.readers import Reader
from services.gateway.session import Session, SessionState
from shared.close_codes import INSTRUCTIONS, CloseCode

if TYPE_CHECKING:
    from services.gateway.hub import Hub

PING_FRAME: Final = b"\x89\x00"
"""An unmasked ping without payload (RFC 6455 section 5.5.2)."""

_SLICE_BYTES: Final = 16 * 1024
"""What is parsed at a time: between two slices a flood is noticed."""


class Phase(Enum):
    """See the module."""

    HANDSHAKE = auto()
    OPEN = auto()
    CLOSING = auto()


class Connection(asyncio.Protocol):
    """One accepted socket; everything it decides is decided by its session and by the hub."""

    __slots__ = (
        "_fragments",
        "_hub",
        "_protocol",
        "close_code",
        "connected_at",
        "deadline",
        "last_seen",
        "paused_at",
        "phase",
        "pinged_at",
        "reader",
        "session",
        "transport",
    )

    transport: asyncio.Transport

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._protocol = ServerProtocol(max_size=hub.settings.max_message_bytes)
        self._fragments: list[bytes | bytearray] | None = None
        self.session: Session | None = None
        self.reader: Reader | None = None
        self.phase = Phase.HANDSHAKE
        self.close_code: int | None = None
        self.paused_at: float | None = None
        self.pinged_at: float | None = None
        self.connected_at = self.last_seen = hub.monotonic()
        self.deadline = self.last_seen + hub.settings.handshake_timeout

    # What the transport calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport and bound what it may hold."""
        self.transport = transport  # type: ignore[assignment]
        high = self._hub.settings.write_buffer_bytes
        self.transport.set_write_buffer_limits(high=high, low=high // 4)
        self._hub.connected(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the client, whatever the reason."""
        del exc
        self._hub.disconnected(self)

    def data_received(self, data: bytes) -> None:
        """Feed the parser and carry out what came."""
        self.last_seen = self._hub.monotonic()
        self.pinged_at = None
        for start in range(0, len(data), _SLICE_BYTES):
            self._protocol.receive_data(data[start : start + _SLICE_BYTES])
            self._process()

    def eof_received(self) -> None:
        """The client sends nothing more: the transport closes itself."""
        self._protocol.receive_eof()
        self._process()

    def pause_writing(self) -> None:
        """The transport is above its high-water mark."""
        self.paused_at = self._hub.monotonic()
        if not self.transport.is_closing():
            self.transport.pause_reading()
        if self.reader is not None:
            self._hub.paused(self.reader)

    def resume_writing(self) -> None:
        """The transport is below its low-water mark again."""
        paused_at, self.paused_at = self.paused_at, None
        self.pinged_at = None
        self.last_seen = self._hub.monotonic()
        if not self.transport.is_closing():
            self.transport.resume_reading()
        if paused_at is not None:
            self._hub.unpaused(self, paused_at)

    # What the hub calls.

    @property
    def registered(self) -> bool:
        """Tell whether the client takes part."""
        return self.session is not None and self.session.state is SessionState.REGISTERED

    def send(self, frame: bytes) -> None:
        """Write one frame, unless the connection is closing."""
        if self.phase is Phase.OPEN:
            self.transport.write(frame)

    def ping(self) -> None:
        """Ask for a sign of life."""
        self.pinged_at = self._hub.monotonic()
        self.send(PING_FRAME)

    def close(self, code: CloseCode) -> None:
        """Send a close frame; the connection ends when the client confirms, or at the deadline."""
        if self.phase is not Phase.OPEN:
            return
        self._begin_closing(code)
        if self._protocol.state is OPEN:
            self._protocol.send_close(code, INSTRUCTIONS[code].reason)
            self._flush()

    def refuse_handshake(self) -> None:
        """Answer a handshake that was not completed in time."""
        self._protocol.send_response(answers.timed_out(self._protocol))
        self._begin_closing(None)
        self._flush()

    def abort(self) -> None:
        """Let go of the socket and of everything that waits in it."""
        self.transport.abort()

    # Between the two.

    def _process(self) -> None:
        for event in self._protocol.events_received():
            if isinstance(event, Request):
                self._answer(event)
            elif isinstance(event, Frame):
                self._frame(event)
        if self.phase is Phase.HANDSHAKE and self._protocol.handshake_exc is not None:
            self._give_up_handshake()
        self._flush()
        if self.phase is Phase.OPEN and self._protocol.state is not OPEN:
            # The client closed, or broke the protocol and the parser has answered with a close frame.
            sent = self._protocol.close_sent
            self._begin_closing(None if sent is None else sent.code)

    def _answer(self, request: Request) -> None:
        response = answers.answer(self._protocol, request, serving=self._hub.serving)
        self._protocol.send_response(response)
        self._flush()
        if response.status_code == 101:
            self.phase = Phase.OPEN
            self.deadline = self._hub.monotonic() + self._hub.settings.register_timeout
            self._hub.opened(self)
        else:
            self._begin_closing(None)

    def _give_up_handshake(self) -> None:
        """What came is no HTTP request; the parser answers some of those itself, and the rest not at all."""
        pending = self._protocol.data_to_send()
        if pending == [b""]:
            self.transport.write(answers.not_http(self._protocol).serialize())
        self._begin_closing(None)
        for data in pending:
            self._write(data)

    def _frame(self, frame: Frame) -> None:
        if self.phase is not Phase.OPEN:
            return
        if frame.opcode is Opcode.TEXT and frame.fin:
            self._hub.received(self, bytes(frame.data))
        elif frame.opcode is Opcode.BINARY:
            self._hub.received_binary(self)
        elif frame.opcode in (Opcode.TEXT, Opcode.CONT):
            self._fragment(frame)
        elif frame.opcode is Opcode.PING:
            self._hub.pinged(self)

    def _fragment(self, frame: Frame) -> None:
        if frame.opcode is Opcode.TEXT:
            self._fragments = []
        if self._fragments is None:
            return
        self._fragments.append(bytes(frame.data))
        if frame.fin:
            fragments, self._fragments = self._fragments, None
            self._hub.received(self, b"".join(fragments))

    def _begin_closing(self, code: int | None) -> None:
        self.phase = Phase.CLOSING
        self.close_code = code
        self.deadline = self._hub.monotonic() + self._hub.settings.close_timeout
        self._hub.closing(self)

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            self._write(data)

    def _write(self, data: bytes) -> None:
        if data:
            self.transport.write(data)
        elif self.transport.can_write_eof():
            # Half a close: what the client still sends is discarded, so that it can read our last words.
            self.transport.write_eof()
