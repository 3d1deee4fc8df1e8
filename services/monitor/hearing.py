"""What reaches the monitor by itself: heartbeats, and what the listeners publish."""

from __future__ import annotations

import time

from services.monitor.observations import Observations
from services.monitor.roundtrip import Hop
from shared.bus.contract import Subscriber
from shared.bus.heartbeats import HeartbeatReceiver
from shared.bus.messages import Batch, Beat


async def hear_heartbeats(receiver: HeartbeatReceiver, seen: Observations) -> None:
    """Note every heartbeat, until cancelled."""
    while True:
        heartbeat = await receiver.receive()
        seen.ledger.hear(heartbeat, time.monotonic())


async def hear_lines(subscriber: Subscriber, seen: Observations) -> None:
    """Note every beat, and the probe's own event when it passes, until cancelled."""
    while True:
        line, message = await subscriber.receive()
        if isinstance(message, Beat):
            seen.lines.hear(line, message, time.monotonic())
        elif isinstance(message, Batch):
            _look_for_probe(message, seen)


def _look_for_probe(batch: Batch, seen: Observations) -> None:
    nonce = seen.round_trip.nonce
    for event in seen.lines.pass_by(batch):
        if nonce is not None and nonce.encode() in event.message:
            seen.round_trip.reach(Hop.PUBLISHED)
