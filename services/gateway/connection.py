"""One client's connection: bytes in, frames out, deadlines kept.

An :class:`asyncio.Protocol` around the sans-I/O server of ``websockets``: no task, no timer and no queue of its own.
The gateway sweeps over all connections once a second and asks each what is overdue. Frames are written straight to the
transport; when that is above its high-water mark nothing is read from the client either, so that a client that asks
without reading cannot pile up answers.

What comes is parsed a slice a turn of the loop, and nothing is read meanwhile: a flood of tiny frames, which cost far
more than their bytes, leaves everybody else their turns. Until a client is registered it waits for a stranger's turn
(:mod:`services.gateway.turns`), so that a storm of handshakes leaves the others theirs. Every frame counts against a
limit per second, in every phase; beyond it the parser is not asked any more.

Life: ``HANDSHAKE`` (HTTP) -> ``OPEN`` (WebSocket) -> ``CLOSING`` (a close was sent or received) -> gone. In every
phase but OPEN the ``deadline`` (monotonic seconds) ends it; in OPEN it is the register deadline until registered.
While CLOSING only the client's own close frame is waited for, for a bounded number of bytes. Once this side has sent
its EOF nothing is parsed at all: what still comes is dropped.
"""

from __future__ import annotations

import asyncio
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import OPEN

from services.gateway import answers
from services.gateway.access.handshake import Handshake
from services.gateway.readers import Reader
from services.gateway.session import Session, SessionState
from shared.close_codes import INSTRUCTIONS, CloseCode
from shared.rates import Rate

if TYPE_CHECKING:
    from services.gateway.hub import Hub

PING_FRAME: Final = b"\x89\x00"
"""An unmasked ping without payload (RFC 6455 section 5.5.2)."""

SLICE_BYTES: Final = 4096
"""What is parsed in one turn of the loop."""

MAX_FRAGMENTS: Final = 1024
"""Frames that one message may come in."""

MAX_LATE_BYTES: Final = 16 * 1024 * 1024
"""What may come after a close before the socket is let go; a reset that comes early may cost the client the reason."""

_TLS_HANDSHAKE: Final = b"\x16"
"""The first byte of a TLS ClientHello (RFC 8446 section 5.1), which no HTTP request begins with."""


class Phase(Enum):
    """See the module."""

    HANDSHAKE = auto()
    OPEN = auto()
    CLOSING = auto()


class Connection(asyncio.Protocol):
    """One accepted socket; everything it decides is decided by its session and by the hub."""

    __slots__ = (
        "_deaf",
        "_fragments",
        "_frames",
        "_hub",
        "_late",
        "_message",
        "_opening",
        "_parse_is_due",
        "_protocol",
        "_unparsed",
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
        self._protocol = Handshake(max_size=hub.settings.max_message_bytes)
        self._frames = Rate()
        self._message: bytearray | None = None
        self._fragments = 0
        self._opening = b""
        self._unparsed = bytearray()
        self._parse_is_due = False
        self._deaf = False
        self._late = 0
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
        self.phase = Phase.CLOSING
        self._hub.disconnected(self)

    def data_received(self, data: bytes) -> None:
        """Take what came; carry it out now if it is short and the client known, else a slice a turn."""
        self.last_seen = self._hub.monotonic()
        self.pinged_at = None
        if self.phase is Phase.HANDSHAKE and len(self._opening) < 8:
            self._opening = (self._opening + data)[:8]
            if self._opening.startswith(_TLS_HANDSHAKE):
                self._hang_up()
                return
        if self.phase is Phase.CLOSING:
            self._late += len(data)
            if self._late > MAX_LATE_BYTES:
                self.abort()
        if self._deaf or self.transport.is_closing():
            return
        self._unparsed += data
        if self.registered and not self._parse_is_due:
            self._parse()
        else:
            self._go_on()

    def eof_received(self) -> None:
        """The client sends nothing more: the transport closes itself."""
        if not self._deaf:
            self._protocol.receive_eof()
            self._process()

    def pause_writing(self) -> None:
        """The transport is above its high-water mark."""
        self.paused_at = self._hub.monotonic()
        self._regulate()
        if self.reader is not None:
            self._hub.paused(self.reader)

    def resume_writing(self) -> None:
        """The transport is below its low-water mark again."""
        paused_at, self.paused_at = self.paused_at, None
        self.pinged_at = None
        self.last_seen = self._hub.monotonic()
        self._go_on()
        if paused_at is not None:
            self._hub.unpaused(self, paused_at)

    # What the hub calls.

    @property
    def registered(self) -> bool:
        """Tell whether the client takes part."""
        return self.session is not None and self.session.state is SessionState.REGISTERED

    @property
    def is_kept_waiting(self) -> bool:
        """Tell whether the client has said something that its turn has not come for yet."""
        return self._parse_is_due

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

    def _parse(self) -> None:
        """Parse one slice; the rest, if there is more, in the next turn of the loop."""
        self._parse_is_due = False
        if self._unparsed and self.paused_at is None and not self.transport.is_closing():
            data = bytes(self._unparsed[:SLICE_BYTES])
            del self._unparsed[:SLICE_BYTES]
            self._protocol.receive_data(data)
            self._process()
            self._go_on()

    def _go_on(self) -> None:
        """See to what is not parsed yet: in the next turn of the loop, or in a stranger's turn."""
        if self._unparsed and self.paused_at is None and not self._parse_is_due:
            self._parse_is_due = True
            if self.registered:
                asyncio.get_running_loop().call_soon(self._parse)
            else:
                self._hub.strangers.ask(self._parse)
        self._regulate()

    def _regulate(self) -> None:
        """Read from the client only while answers can be written and nothing waits to be parsed."""
        if self.transport.is_closing():
            return
        if self.paused_at is None and not self._unparsed:
            self.transport.resume_reading()
        else:
            self.transport.pause_reading()

    def _process(self) -> None:
        now = self._hub.monotonic()
        for event in self._protocol.events_received():
            if isinstance(event, Request):
                self._answer(event)
            elif isinstance(event, Frame):
                if self._frames.exceeds(self._hub.settings.max_frames_per_second, now):
                    self.close(CloseCode.RATE_LIMITED)
                    self._flush()
                    self._end_writing()
                    return
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
            self._hub.opened(self, request)
        else:
            self._begin_closing(None)

    def _give_up_handshake(self) -> None:
        """What came is no HTTP request; the parser answers some of those itself, and the rest not at all."""
        pending = self._protocol.data_to_send()
        if pending == [b""]:
            self.transport.write(answers.unreadable(self._protocol, self._opening).serialize())
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

    def _fragment(self, frame: Frame) -> None:
        if frame.opcode is Opcode.TEXT:
            self._message, self._fragments = bytearray(), 0
        if self._message is None:
            return
        self._message += frame.data
        self._fragments += 1
        if self._fragments > MAX_FRAGMENTS:
            self.close(CloseCode.MESSAGE_TOO_BIG)
        elif frame.fin:
            message, self._message = self._message, None
            self._hub.received(self, bytes(message))

    def _hang_up(self) -> None:
        """End a conversation that cannot begin: whoever speaks TLS reads no answer of ours."""
        self._begin_closing(None)
        self._deaf = True
        self.transport.close()

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
        else:
            self._end_writing()

    def _end_writing(self) -> None:
        """Close our half: what the client still sends is dropped, so that it can read our last words."""
        if self._deaf:
            return
        self._deaf = True
        self._unparsed.clear()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        else:
            self.transport.close()  # TLS has no half of a connection: its close says so, and drops what still comes
