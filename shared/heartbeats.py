"""The message every process sends to its machine's monitor once a second.

Heartbeats go straight from each process to the monitor (PUSH to PULL), not through the listener: a listener that
dies must not make every other process look dead. A process that gets no answer keeps working; the socket drops
what nobody reads.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Role = Literal["pg-listener", "gateway", "monitor"]


class Heartbeat(msgspec.Struct, frozen=True):
    """One process's account of itself.

    ``process`` is the name supervisord knows it by (``gateway:gateway-00``), or ``role:pid`` when it runs by hand.
    ``sent_at`` is Unix time in seconds; ``loop_lag`` the longest the event loop was held since the last heartbeat,
    in seconds. ``state`` is a short word (``starting``, ``leader``, ``standby``, ``serving``, ``draining``).
    ``metrics`` is the process's own metrics in the Prometheus text format, ``remarks`` are sentences on what ails that
    it depends on (a line it cannot count on).
    """

    process: str
    role: Role
    pid: int
    machine: str
    state: str
    supervised: bool
    sent_at: float
    loop_lag: float
    metrics: bytes
    remarks: list[str] = []
