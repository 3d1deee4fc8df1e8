"""What comes on an open WebSocket: frames, and the messages in them, through the connection without a socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from tests.fuzz import mutation, valid, wire
from tests.fuzz.chance import Chance
from tests.fuzz.gateway import Gateway, Peer, gateway
from tests.fuzz.target import Input, Subject, Target

_PAYLOADS: Final = (
    b"", b"{}", b"hello", b"\xff", b"\xe2\x82", b"\xed\xa0\x80", b"x" * 125, b"x" * 126, b"x" * 65_535, b"x" * 65_537,
    b"\x03\xe8", b"\x03\xe8bye", b"\x03\xe8\xff", b"\x03", b"\x03\xed", b"\x03\xee", b"\x0b\xb8", b"\x13\x87",
    b"\x13\x88", b'{"message_type":"ping","data":{"a":"\xc3\xa9"}}',
)  # fmt: skip
_REGISTER: Final = b'{"message_type":"register","data":{"app_name":"fuzz"}}'
REGISTERED, STRANGER = b"r", b"s"


def make_frames(chance: Chance) -> Input:
    """Return who sends, and frames as they arrive: most of them right, in a row that is not."""
    data = b"".join(_frames(chance) for _ in range(1 + chance.few()))
    if not chance.strict and chance.happens(0.4):
        data = mutation.damaged(chance, data)
    return [_who(chance), *chance.slices(data)]


def make_messages(chance: Chance) -> Input:
    """Return who sends, and messages, each whole in a right frame."""
    texts = [mutation.written(chance, chance.of(valid.FROM_CLIENT)) for _ in range(chance.few())]
    texts.append(valid.json_text(chance, valid.FROM_CLIENT))
    if chance.happens(0.3):
        texts.append(valid.json_text(chance, valid.FROM_CLIENT))
    return [_who(chance), *(wire.frame(wire.TEXT, text) for text in texts)]


def _who(chance: Chance) -> bytes:
    return REGISTERED if chance.happens(0.7) else STRANGER


def _frames(chance: Chance) -> bytes:
    kind = chance.below(10)
    if kind < 3:
        return wire.frame(wire.TEXT, mutation.written(chance, chance.of(valid.FROM_CLIENT)))
    if kind < 6:
        return _fragments(chance, mutation.written(chance, chance.of(valid.FROM_CLIENT)))
    if kind < 8:
        return wire.frame(chance.of((wire.PING, wire.PONG, wire.CLOSE)), chance.of(_PAYLOADS))
    return wire.frame(
        chance.of((wire.TEXT, wire.TEXT, wire.CONT, wire.BINARY, wire.PING, wire.CLOSE, chance.below(16))),
        chance.of(_PAYLOADS),
        fin=chance.happens(0.8),
        rsv=chance.below(8) if chance.happens(0.2) else 0,
        mask=None if chance.happens(0.1) else chance.of((b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x01\x02\x03\x04")),
        length_bytes=8 if chance.happens(0.1) else None,
        announced=chance.of((0, 65_536, 2**31, 2**63, 2**64 - 1)) if chance.happens(0.1) else None,
    )


def _fragments(chance: Chance, text: bytes) -> bytes:
    """Return a message in fragments, with control frames between them, and now and then with what may not be there."""
    parts = chance.slices(text) if chance.happens(0.9) else [b""] * chance.of((2, 1023, 1024, 1025))
    sent = []
    for index, part in enumerate(parts):
        opcode = wire.TEXT if index == 0 or chance.happens(0.02) else wire.CONT
        sent.append(wire.frame(opcode, part, fin=index == len(parts) - 1 and chance.happens(0.95)))
        if chance.happens(0.1):
            sent.append(wire.frame(wire.PING, b"between"))
    return b"".join(sent)


class Conversations:
    """One client an input: it shakes hands, registers or not, and sends."""

    def __init__(self, rig: Gateway) -> None:
        self._rig = rig

    async def feed(self, given: Input) -> str:
        peer = Peer(self._rig.hub)
        await peer.shake_hands()
        who, *parts = given or [STRANGER]
        if who == REGISTERED:
            await peer.send(wire.frame(wire.TEXT, _REGISTER))
            peer.take()
        await peer.send(*parts)
        return await self._rig.outcome(peer)

    def held(self) -> int:
        return self._rig.held()


@asynccontextmanager
async def _opened() -> AsyncIterator[Subject]:
    async with gateway() as rig:
        yield Conversations(rig)


FRAMES: Final = Target("frames", "WebSocket frames, right and wrong, whole and in pieces", make_frames, _opened, 1.5)
MESSAGES: Final = Target("messages", "JSON envelopes of every type a client may send", make_messages, _opened, 1.5)
