"""How connections on the bus begin and end, and what is said of those that fail.

libzmq says nothing by itself: a machine whose key is wrong would only be silent. So each end watches its handshakes
(zmq_socket_monitor(3)), counts the failed ones and says once why, to whom it may concern.
"""

from __future__ import annotations

import struct
from collections import Counter
from enum import Enum
from typing import Final

import structlog
import zmq

from shared.bus.contract import Line

log = structlog.get_logger(__name__)

EVENTS: Final = (
    zmq.EVENT_HANDSHAKE_SUCCEEDED
    | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
    | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
    | zmq.EVENT_HANDSHAKE_FAILED_AUTH
    | zmq.EVENT_DISCONNECTED
    | zmq.EVENT_CONNECT_RETRIED
)

PATIENCE: Final = 4
"""Failures in a row after which a listener counts as refusing: one that ends hangs up in the middle, too."""

_EVENT: Final = struct.Struct("=HI")


class Turn(Enum):
    """What became of a connection: its handshake, its end, or a new attempt. The values are labels of metrics."""

    DONE = "done"
    OTHER_KEY = "other_key"
    ONE_SIDED = "key_on_one_side"
    BROKEN = "broken"
    ENDED = "ended"
    RETRIED = "retried"


FAILURES: Final = (Turn.OTHER_KEY, Turn.ONE_SIDED, Turn.BROKEN)

_PLAIN: Final = {
    zmq.EVENT_HANDSHAKE_SUCCEEDED: Turn.DONE,
    zmq.EVENT_DISCONNECTED: Turn.ENDED,
    zmq.EVENT_CONNECT_RETRIED: Turn.RETRIED,
}


def read_turn(frame: bytes) -> Turn:
    """Read a monitor's event frame."""
    event, value = _EVENT.unpack(frame)
    if (plain := _PLAIN.get(event)) is not None:
        return plain
    if event == zmq.EVENT_HANDSHAKE_FAILED_AUTH or value == zmq.PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC:
        return Turn.OTHER_KEY
    if value == zmq.PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH:
        return Turn.ONE_SIDED
    return Turn.BROKEN


class Guests:
    """The listener's view: who knocked and was not let in. ``refused`` counts them by the reason."""

    def __init__(self, *, has_key: bool) -> None:
        self.has_key = has_key
        self.refused: Counter[str] = Counter()

    def note(self, turn: Turn) -> None:
        """Count a failed handshake; the first for each reason is told of."""
        if turn not in FAILURES:
            return
        self.refused[turn.value] += 1
        if self.refused[turn.value] == 1 and turn is not Turn.BROKEN:
            log.warning("peer refused", reason=self._reason(turn))

    def _reason(self, turn: Turn) -> str:
        if turn is Turn.OTHER_KEY:
            return "it has another bus key: every machine needs a copy of the same key file"
        if self.has_key:
            return "it has no bus key: copy the key file to its machine, and restart the processes there"
        return "it has a bus key and this process none: copy the key file here, and restart this process"


_OR_ELSE = "something else that listens at that address looks the same"


class Hosts:
    """The gateway's view: which listeners hang up on us. ``refusals`` counts that by line."""

    def __init__(self, *, has_key: bool) -> None:
        self._has_key = has_key
        self._in_a_row: Counter[Line] = Counter()
        self.refusals: Counter[Line] = Counter()

    def note(self, line: Line, turn: Turn) -> None:
        """Count a handshake; a listener that goes on refusing, and its change of mind, are told of."""
        if turn is Turn.DONE:
            if self._in_a_row.pop(line, 0) >= PATIENCE:
                log.info("listener lets us in", line=line)
            return
        if turn not in FAILURES:
            return
        self.refusals[line] += 1
        self._in_a_row[line] += 1
        if self._in_a_row[line] == PATIENCE:
            log.warning("listener refuses us", line=line, reason=f"{self._reason()} ({_OR_ELSE})")

    def _reason(self) -> str:
        if self._has_key:
            return "it has another bus key or none: copy this machine's key file there, and restart the processes there"
        return "it may demand a bus key, and there is none here: copy its key file here, and restart this process"
