"""Heartbeats, over the monitor's real socket, and the metrics inside them."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec
import zmq

from services.monitor.families import Families
from services.monitor.ledger import Ledger
from shared.bus.heartbeats import HeartbeatReceiver
from shared.heartbeats import Heartbeat
from tests.fuzz import mutation
from tests.fuzz.chance import Chance
from tests.fuzz.target import Broken, Input, Subject, Target
from tests.fuzz.targets.bus import pack, payload

_METRICS: Final = (
    b"# HELP wasla_a Something.\n# TYPE wasla_a counter\nwasla_a_total 1.0\n",
    b'# TYPE wasla_h histogram\nwasla_h_bucket{le="0.5"} 1\nwasla_h_bucket{le="+Inf"} 2\nwasla_h_sum NaN\n',
    b'wasla_g{process="x",a="\\"\\n\\\\"} -1e400 1700000000\n',
)
_VALID: Final = Heartbeat("gateway", "gateway", 1, "here", "serving", True, 1.0, 0.001, _METRICS[0], ["sentence"])


def make(chance: Chance) -> Input:
    metrics = chance.of(_METRICS)
    if chance.happens(0.5):
        metrics = mutation.damaged(chance, metrics, _METRICS)
    if chance.happens(0.4):
        return [pack({**msgspec.to_builtins(_VALID, builtin_types=(bytes,)), "metrics": metrics})]
    return [payload(chance, [msgspec.structs.replace(_VALID, metrics=metrics)]) for _ in range(chance.of((1, 1, 1, 2)))]


class Monitor:
    """The receiver, a ledger and the page of metrics; after each input a valid heartbeat has to come."""

    def __init__(self, receiver: HeartbeatReceiver, push: zmq.Socket[bytes]) -> None:
        self._receiver = receiver
        self._push = push
        self._numbers = itertools.count(1_000_000_000)

    async def feed(self, given: Input) -> str:
        malformed = self._receiver.malformed
        self._push.send_multipart(given or [b""])
        last = msgspec.structs.replace(_VALID, pid=next(self._numbers))
        self._push.send(msgspec.msgpack.encode(last))
        heard = [await self._receiver.receive()]
        while heard[-1] != last:
            heard.append(await self._receiver.receive())
        if len(heard) - 1 + self._receiver.malformed - malformed != 1:
            raise Broken(f"one heartbeat came as {heard}")
        return _noted(heard[0]) if len(heard) > 1 else "malformed"

    def held(self) -> int:
        return 0


def _noted(heartbeat: Heartbeat) -> str:
    ledger = Ledger(late_after=1, lost_after=2, forget_after=3, max_pause=1)
    ledger.hear(heartbeat, 0.0)
    ledger.review(1.0)
    families = Families()
    families.add_text(heartbeat.metrics, {"process": heartbeat.process, "machine": heartbeat.machine})
    page: Any = families.text()
    page.decode("utf-8")
    return "metrics left out" if families.malformed else "taken"


@asynccontextmanager
async def _opened() -> AsyncIterator[Subject]:
    with tempfile.TemporaryDirectory() as place, zmq.Context() as context, context.socket(zmq.PUSH) as push:
        receiver = HeartbeatReceiver(f"ipc://{place}/h")
        push.setsockopt(zmq.LINGER, 0)
        push.connect(f"ipc://{place}/h")
        try:
            yield Monitor(receiver, push)
        finally:
            await receiver.close()


HEARTBEATS: Final = Target(
    "heartbeats", "heartbeats over the monitor's socket, and the metrics in them", make, _opened, 0.5
)
