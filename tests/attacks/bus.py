"""Somebody who reaches the ports of the bus, without its key or with another; and false heartbeats."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

import msgspec
import zmq

from shared.bus.codec import encode
from shared.bus.curve import connect_with
from shared.bus.keys import BusKey
from shared.bus.messages import Batch, Broadcast, BroadcastRequest, Recipient, ReplayRequest, RosterRequest, Sender
from shared.heartbeats import Heartbeat
from tests.attacks.target import Target
from tests.attacks.wire import raw

MARKUP = '<img src=x onerror="window.owned=1">'
FORGED = "FORGED"
GREETING = b"\xff" + bytes(8) + b"\x7f\x03"
"""How ZMTP begins (RFC 37)."""


async def forged_bus_messages(target: Target) -> Counter[str]:
    """Broadcasts, requests and events from strangers: those that speak plainly, and those with another key."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    other = BusKey.of(secrets.token_bytes(32))
    found: Counter[str] = Counter()
    try:
        for present in (lambda _socket: None, lambda socket: connect_with(socket, other)):
            found += await _strangers(target, context, present)
    finally:
        context.destroy(linger=0)
    for port in (target.bus_port, target.bus_port + 1):
        for words in (secrets.token_bytes(5000), GREETING + secrets.token_bytes(5000), GREETING):
            async with raw(port) as connection:
                await connection.send(words)
                await asyncio.sleep(0.05)
                found["nonsense"] += 1
    return found


async def _strangers(
    target: Target, context: zmq.Context[zmq.Socket[bytes]], present: Callable[[zmq.Socket[bytes]], None]
) -> Counter[str]:
    ear, mouth, publisher = (context.socket(kind) for kind in (zmq.SUB, zmq.DEALER, zmq.PUB))
    ear.subscribe(b"")
    ports = ((ear, target.bus_port), (mouth, target.bus_port + 1), (publisher, target.bus_port))
    for socket, port in ports:
        socket.linger = 0
        present(socket)
        socket.connect(f"tcp://127.0.0.1:{port}")
    sender = Sender("somebody", "somebody")
    until = time.monotonic() + target.seconds / 2
    requests = (
        BroadcastRequest(1, Broadcast("b", FORGED, b"{}", sender, Recipient())),
        ReplayRequest(2, "0", 0, 1000, 1 << 20),
        RosterRequest(3),
    )
    while time.monotonic() < until:
        for request in requests:
            with suppress(zmq.Again):  # nobody listens to it
                mouth.send(encode(request), zmq.NOBLOCK)
        publisher.send_multipart([b"wasla", encode(Batch("0", 0, [], 0.0, 0.0))], zmq.NOBLOCK)
        await asyncio.sleep(0.05)
    heard = ear.poll(0) or mouth.poll(0, zmq.POLLIN)
    return Counter({"a stranger heard something" if heard else "strangers hear nothing": 1})


async def false_heartbeats(target: Target) -> Counter[str]:
    """Heartbeats of processes that are not there, by names that are markup, and bytes that are none."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    socket = context.socket(zmq.PUSH)
    socket.connect(f"tcp://127.0.0.1:{target.heartbeat_port}")
    metrics = (
        b'# HELP wasla_clients x\n# TYPE wasla_clients gauge\nwasla_clients{process="gateway:gateway-00"} 1e9\n}{"\n'
    )
    try:
        until, number = time.monotonic() + target.seconds, 0
        while time.monotonic() < until:
            number += 1
            heartbeat = Heartbeat(
                f"{MARKUP}{number % 5}", "gateway", 1, MARKUP, MARKUP, False, time.time(), 1e300, metrics, [MARKUP]
            )
            for words in (msgspec.msgpack.encode(heartbeat), secrets.token_bytes(100), b"\x9c"):
                await asyncio.to_thread(socket.send, words)
            await asyncio.sleep(0.01)
    finally:
        context.destroy(linger=1000)
    return Counter({"sent": 1})
