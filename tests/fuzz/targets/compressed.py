"""Frames on a connection that agreed on compression (RFC 7692): deflated rightly, wrongly, and without end."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from tests.fuzz import mutation, valid, wire
from tests.fuzz.chance import Chance
from tests.fuzz.gateway import Gateway, Peer, gateway
from tests.fuzz.target import Broken, Input, Subject, Target

_OFFER: Final = b"Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover"
_HANDSHAKE: Final = wire.HANDSHAKE[:-2] + _OFFER + b"\r\n\r\n"
_REGISTER: Final = b'{"message_type":"register","data":{"app_name":"fuzz"}}'
_RSV1: Final = 4


def deflated(data: bytes) -> bytes:
    """Return *data* as a message's payload (RFC 7692 section 7.2.1)."""
    squeeze = zlib.compressobj(wbits=-15)
    return (squeeze.compress(data) + squeeze.flush(zlib.Z_SYNC_FLUSH)).removesuffix(b"\x00\x00\xff\xff")


_BOMBS: Final = tuple(deflated(bytes(size)) for size in (65_536, 65_537, 1 << 24))


def make(chance: Chance) -> Input:
    sent = b"".join(_message(chance) for _ in range(1 + chance.few()))
    return chance.slices(sent)


def _message(chance: Chance) -> bytes:
    text = valid.json_text(chance, valid.FROM_CLIENT) if chance.happens(0.3) else _right(chance)
    payload = chance.of(_BOMBS) if chance.happens(0.05) else deflated(text)
    if not chance.strict and chance.happens(0.5):
        payload = mutation.damaged(chance, payload)
    parts = chance.slices(payload) if chance.happens(0.3) else [payload]
    frames = []
    for index, part in enumerate(parts):
        rsv = _RSV1 if index == 0 or chance.happens(0.02) else 0
        opcode = wire.CONT if index else wire.BINARY if chance.happens(0.02) else wire.TEXT
        frames.append(wire.frame(opcode, part, fin=index == len(parts) - 1, rsv=0 if chance.happens(0.1) else rsv))
        if chance.happens(0.05):
            frames.append(wire.frame(wire.PING, b"between", rsv=_RSV1 if chance.happens(0.1) else 0))
    return b"".join(frames)


def _right(chance: Chance) -> bytes:
    return mutation.written(chance, chance.of(valid.FROM_CLIENT))


class Compressed:
    """One client an input: it agrees on compression, registers and sends."""

    def __init__(self, rig: Gateway) -> None:
        self._rig = rig

    async def feed(self, given: Input) -> str:
        peer = Peer(self._rig.hub)
        await peer.send(_HANDSHAKE)
        if b"permessage-deflate" not in peer.take():
            raise Broken("compression was not agreed on")
        await peer.send(wire.frame(wire.TEXT, _REGISTER))
        peer.take()
        await peer.send(*given)
        return await self._rig.outcome(peer)

    def held(self) -> int:
        return self._rig.held()


@asynccontextmanager
async def _opened() -> AsyncIterator[Subject]:
    async with gateway(compression_min=1 << 20) as rig:
        yield Compressed(rig)


COMPRESSED: Final = Target("compressed", "compressed frames, damaged ones and bombs", make, _opened)
