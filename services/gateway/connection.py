"""One client's connection: bytes in, frames out, deadlines kept.

An :class:`asyncio.Protocol` around the sans-I/O server of ``websockets``: no task, no timer and no queue of its own.
The gateway sweeps over all connections once a second and asks each what is overdue. Frames are written straight to the
transport; when that is above its high-water mark nothing is read from the client either, so that a client that asks
without reading cannot pile up answers.

What comes (:mod:`services.gateway.incoming`) is parsed a slice a turn of the loop, and nothing is read meanwhile: a
flood of tiny frames, which cost far more than their bytes, leaves everybody else their turns. Until a client is
registered it waits for a stranger's turn (:mod:`services.gateway.turns`), so that a storm of handshakes leaves the
others theirs. Who sends more than it may is told, and the parser is not asked any more.

Life: ``HANDSHAKE`` (HTTP) -> ``OPEN`` (WebSocket) -> ``CLOSING`` (a close was sent or received) -> gone. In every
phase but OPEN the ``deadline`` (monotonic seconds) ends it; in OPEN it is the register deadline until registered.
While CLOSING only the client's own close frame is waited for, for a bounded number of bytes. Once this side has sent
its EOF nothing is parsed at all: what still comes is dropped.
"""

from __future__ import annotations

import asyncio
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from websockets.http11 import Request
from websockets.protocol import OPEN

from services.gateway import answers, compression
from services.gateway.access.handshake import Handshake
from services.gateway.access.turnstile import Visit
from services.gateway.incoming import Binary, Happened, Incoming
from services.gateway.limits import BY_CODE, Limit
from services.gateway.outgoing import Outgoing
from services.gateway.readers import Reader
from services.gateway.session import Session, SessionState
from shared.close_codes import INSTRUCTIONS, CloseCode

if TYPE_CHECKING:
    from services.gateway.hub import Hub

PING_FRAME: Final = b"\x89\x00"
"""An unmasked ping without payload (RFC 6455 section 5.5.2)."""

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
        "_hub",
        "_incoming",
        "_late",
        "_outgoing",
        "_parse_is_due",
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
        "visit",
    )

    transport: asyncio.Transport
    _outgoing: Outgoing

    def __init__(self, hub: Hub, visit: Visit) -> None:
        self._hub = hub
        self.visit = visit
        self._protocol = Handshake(extensions=hub.extensions, max_size=hub.settings.max_message_bytes)
        self._incoming = Incoming(self._protocol, hub.settings)
        self._parse_is_due = False
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
        self._outgoing = Outgoing(self._protocol, self.transport)
        self._hub.connected(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the client, whatever the reason."""
        del exc
        self.phase = Phase.CLOSING
        self._hub.turnstile.leave(self.visit)
        self._hub.disconnected(self)

    def data_received(self, data: bytes) -> None:
        """Take what came; carry it out now if it is short and the client known, else a slice a turn."""
        self.last_seen = self._hub.monotonic()
        self.pinged_at = None
        if self.phase is Phase.CLOSING:
            self._late += len(data)
            if self._late > MAX_LATE_BYTES:
                self.abort()
        if self._outgoing.ended or self.transport.is_closing():
            return
        if self.phase is Phase.OPEN and not self._incoming.is_within(len(data), self.last_seen):
            self._cut_off(Limit.BYTES)
            return
        self._incoming.add(data)
        if self.phase is Phase.HANDSHAKE and self._incoming.opening.startswith(_TLS_HANDSHAKE):
            self._begin_closing(None)
            self._outgoing.hang_up()  # whoever speaks TLS reads no answer of ours
        elif self.registered and not self._parse_is_due:
            self._parse()
        else:
            self._go_on()

    def eof_received(self) -> None:
        """The client sends nothing more: the transport closes itself."""
        if not self._outgoing.ended:
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
    def deflates(self) -> bool:
        """Tell whether the client takes compressed messages."""
        return compression.deflates(self._protocol.extensions)

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
        if code in BY_CODE:
            self._note(BY_CODE[code])
        if self._protocol.state is OPEN:
            self._protocol.send_close(code, INSTRUCTIONS[code].reason)
            self._outgoing.flush()

    def refuse_handshake(self) -> None:
        """Answer a handshake that was not completed in time; where nothing more can be said, let go."""
        if self._outgoing.ended:
            self.abort()
            return
        self._note(Limit.HANDSHAKE_TIME)
        self._protocol.send_response(answers.timed_out(self._protocol))
        self._begin_closing(None)
        self._outgoing.flush()

    def abort(self) -> None:
        """Let go of the socket and of everything that waits in it."""
        self.transport.abort()

    # Between the two.

    def _parse(self) -> None:
        """Parse one slice; the rest, if there is more, in the next turn of the loop."""
        self._parse_is_due = False
        if self._incoming and self.paused_at is None and not self.transport.is_closing():
            self._incoming.parse()
            self._process()
            self._go_on()

    def _go_on(self) -> None:
        """See to what is not parsed yet: in the next turn of the loop, or in a stranger's turn."""
        if self._outgoing.ended:
            self._incoming.drop()
        if self._incoming and self.paused_at is None and not self._parse_is_due:
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
        if self.paused_at is None and not self._incoming:
            self.transport.resume_reading()
        else:
            self.transport.pause_reading()

    def _process(self) -> None:
        for happened in self._incoming.happened(self._hub.monotonic()):
            if happened in (Limit.FRAMES, Limit.BYTES):
                self._cut_off(happened)
                return
            self._see_to(happened)
        if self.phase is Phase.HANDSHAKE and self._protocol.handshake_exc is not None:
            self._give_up_handshake()
        self._outgoing.flush()
        if self.phase is Phase.OPEN and self._protocol.state is not OPEN:
            # The client closed, or broke the protocol and the parser has answered with a close frame.
            sent = self._protocol.close_sent
            self._begin_closing(None if sent is None else sent.code)
            if self.close_code == CloseCode.MESSAGE_TOO_BIG and self._protocol.close_rcvd is None:
                self._note(Limit.MESSAGE_SIZE)

    def _see_to(self, happened: Happened) -> None:
        if isinstance(happened, Request):
            self._answer(happened)
        elif self.phase is not Phase.OPEN:
            return
        elif isinstance(happened, Limit):
            self.close(CloseCode.MESSAGE_TOO_BIG)
        elif isinstance(happened, Binary):
            self._hub.received_binary(self)
        else:
            self._hub.received(self, happened)

    def _answer(self, request: Request) -> None:
        response = answers.answer(self._protocol, request, self._hub.turnstile, self.visit, serving=self._hub.serving)
        self._protocol.send_response(response)
        self._outgoing.flush()
        if response.status_code == 101:
            self.phase = Phase.OPEN
            self.deadline = self._hub.monotonic() + self._hub.settings.register_timeout
            self._hub.opened(self, request)
        else:
            self._begin_closing(None)

    def _give_up_handshake(self) -> None:
        """What came is no HTTP request; the parser answers some of those itself, and the rest not at all."""
        self._begin_closing(None)
        self._outgoing.flush_or_say(answers.unreadable(self._protocol, self._incoming.opening))

    def _cut_off(self, limit: Limit) -> None:
        """Close on who sends more than it may, and hear no more of it."""
        if self.phase is Phase.OPEN:
            self._note(limit)
        self.close(CloseCode.RATE_LIMITED)
        self._outgoing.flush()
        self._outgoing.end()
        self._go_on()

    def _note(self, limit: Limit) -> None:
        self._hub.turnstile.note(limit, self.visit.remote)

    def _begin_closing(self, code: int | None) -> None:
        self.phase = Phase.CLOSING
        self.close_code = code
        self.deadline = self._hub.monotonic() + self._hub.settings.close_timeout
        self._hub.closing(self)
