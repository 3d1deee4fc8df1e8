"""Heartbeats on their way from every process to its machine's monitor.

A process says once a second that it lives, what state it is in and what it has counted::

    with HeartbeatSender(settings.heartbeat_address) as sender:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(
                beat_heart(sender, process=name, role="gateway", state=lambda: server.state, registry=registry)
            )

and the monitor collects them::

    receiver = HeartbeatReceiver(settings.heartbeat_address)
    heartbeat = await receiver.receive()
    await receiver.close()

Nothing here waits for the monitor: what cannot be sent at once is dropped, since the next heartbeat says more.
"""

from __future__ import annotations

import asyncio
import os
import platform
import time
from collections.abc import Callable
from typing import Final, Self

import msgspec
import zmq
from prometheus_client import CollectorRegistry, generate_latest

from shared.bus.addresses import parse_address, require_local
from shared.bus.contract import LineUnavailable
from shared.bus.dialling import Dial
from shared.bus.sockets import SocketGroup
from shared.heartbeats import Heartbeat, Role

LAG_SAMPLE_INTERVAL: Final = 0.05
"""Seconds of the short sleep whose overshoot is the loop's lag."""

_SENDER_HIGH_WATER_MARK: Final = 2
_RECEIVER_HIGH_WATER_MARK: Final = 1000
_MAX_BYTES: Final = 4 * 1024 * 1024


class HeartbeatSender:
    """The process's end, to be made inside a running event loop. Never waits, never raises because nobody listens."""

    def __init__(self, address: str) -> None:
        """Connect to this machine's monitor at ``tcp://host:port`` or ``ipc://path``, now or whenever it appears."""
        endpoint = require_local(parse_address(address))
        self._sockets = SocketGroup(linger=0.0)
        self._socket = self._sockets.open(
            zmq.PUSH,
            high_water_mark=_SENDER_HIGH_WATER_MARK,
            max_message_bytes=_MAX_BYTES,
            ipv6=endpoint.ipv6,
        )
        # Without a monitor nothing is queued: it would only learn what is long past.
        self._socket.set(zmq.IMMEDIATE, 1)
        Dial(self._sockets, self._socket, endpoint.stream)
        self._encoder = msgspec.msgpack.Encoder()

    def send(self, heartbeat: Heartbeat) -> bool:
        """Send now or drop; tell whether it was taken."""
        if self._sockets.closed:
            return False
        try:
            self._socket.send(self._encoder.encode(heartbeat), zmq.NOBLOCK)
        except zmq.Again:
            return False
        return True

    def close(self) -> None:
        """Release the socket; what was not sent is dropped. Idempotent."""
        self._sockets.close_now()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


class HeartbeatReceiver:
    """The monitor's end. To be made inside a running event loop; one task at a time receives.

    ``malformed`` counts messages that were no heartbeats; they are skipped.
    """

    def __init__(self, bind: str) -> None:
        """Listen at the address; raise BusError when it is taken, ConfigurationError when it is not of this machine."""
        endpoint = require_local(parse_address(bind))
        self.malformed = 0
        self._decoder = msgspec.msgpack.Decoder(Heartbeat)
        self._changed = asyncio.Event()
        self._sockets = SocketGroup(linger=0.0)
        self._socket = self._sockets.open(
            zmq.PULL,
            high_water_mark=_RECEIVER_HIGH_WATER_MARK,
            max_message_bytes=_MAX_BYTES,
            ipv6=endpoint.ipv6,
        )
        self._sockets.bind(self._socket, endpoint.stream, configured=bind)
        self._sockets.watch(self._socket, self._changed.set)

    async def receive(self) -> Heartbeat:
        """Return the next heartbeat; raise LineUnavailable once closed. Cancelling loses nothing."""
        while True:
            self._changed.clear()
            heartbeat = self._next()
            if heartbeat is not None:
                return heartbeat
            await self._changed.wait()

    async def close(self) -> None:
        """Release the socket. Idempotent."""
        self._changed.set()
        await self._sockets.close()

    def _next(self) -> Heartbeat | None:
        while True:
            if self._sockets.closed:
                raise LineUnavailable("heartbeats are no longer collected: the receiver was closed")
            try:
                frames = self._socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return None
            try:
                (payload,) = frames
                return self._decoder.decode(payload)
            except (ValueError, msgspec.MsgspecError, RecursionError):
                self.malformed += 1


async def beat_heart(
    sender: HeartbeatSender,
    *,
    process: str,
    role: Role,
    state: Callable[[], str],
    registry: CollectorRegistry,
    remarks: Callable[[], list[str]] = list,
    interval: float = 1.0,
) -> None:
    """Send a heartbeat at once and then every ``interval`` seconds, until cancelled.

    ``process`` is the name supervisord knows this process by; ``state`` is asked for its word at each heartbeat,
    ``registry`` for its metrics, ``remarks`` for what ails around it. In between the loop's lag is sampled by short
    sleeps: the largest overshoot since the last heartbeat is reported, and a loop that is held longer than the
    interval is late by as much. What ``state`` and ``remarks`` raise ends the task.
    """
    machine, pid = platform.node(), os.getpid()
    supervised = os.environ.get("SUPERVISOR_ENABLED") == "1"
    loop_lag = 0.0
    while True:
        heartbeat = Heartbeat(
            process=process,
            role=role,
            pid=pid,
            machine=machine,
            state=state(),
            supervised=supervised,
            sent_at=time.time(),
            loop_lag=loop_lag,
            metrics=generate_latest(registry),
            remarks=remarks(),
        )
        sender.send(heartbeat)
        loop_lag = await _loop_lag(interval)


async def _loop_lag(duration: float) -> float:
    """Sleep for about ``duration`` seconds in short steps and return the largest overshoot of one."""
    now = asyncio.get_running_loop().time
    end = now() + duration
    worst = 0.0
    while (began_at := now()) < end:
        step = min(LAG_SAMPLE_INTERVAL, end - began_at)
        await asyncio.sleep(step)
        worst = max(worst, now() - began_at - step)
    return worst
