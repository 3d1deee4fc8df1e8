"""The opening handshake: HTTP requests, and what is none, through the connection without a socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from tests.fuzz import mutation, wire
from tests.fuzz.chance import Chance
from tests.fuzz.gateway import ADDRESS, Gateway, Peer, gateway, judged
from tests.fuzz.target import Broken, Input, Subject, Target

_METHODS: Final = (b"GET",) * 60 + (b"POST", b"HEAD", b"OPTIONS", b"PRI", b"get", b"CONNECT", b"")
_PATHS: Final = (
    *((b"/",) * 30), b"/?token=a.b.c", b"/?a&token=%C3%A9", b"/healthz", b"/healthz?", b"/x", b"*", b"",
    b"http://127.0.0.1:8765/", b"//[", b"/?token=a.b.c", b"/?token=%ff%00&token=", b"/?" + b"a=1&" * 30 + b"token=x",
    b"/\xff", b"/" + b"x" * 9000, b"/\x00", b"/?token=\xc3",
)  # fmt: skip
_VERSIONS: Final = (b"HTTP/1.1",) * 60 + (b"HTTP/1.0", b"HTTP/2.0", b"HTTP/1.1 ", b"http/1.1", b"")
_USUAL: Final = wire.HANDSHAKE.partition(b"\r\n")[2].split(b"\r\n\r\n")[0].split(b"\r\n")
_OTHERS: Final = (
    b"Origin: http://127.0.0.1:8765", b"Origin: https://evil.example", b"Origin: null", b"Origin: \xff\xfe",
    b"Origin:", b"Origin: http://[", b"Host: evil.example", b"Host: [::1", b"Host: \xff", b"Host: a:b:c", b"Host:",
    b"Sec-WebSocket-Protocol: wasla", b"Sec-WebSocket-Protocol: wasla, wasla.token.a.b.c",
    b"Sec-WebSocket-Protocol: ,", b"Sec-WebSocket-Protocol: \xff",
    b"Sec-WebSocket-Protocol: wasla.token." + b"x" * 7000, b"Upgrade: h2c",
    b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits", b'Sec-WebSocket-Extensions: ;=,"',
    b"Sec-WebSocket-Key: short", b"Sec-WebSocket-Version: 8", b"Sec-WebSocket-Version: x", b"Connection: close",
    b"Content-Length: 5", b"Content-Length: -1", b"Content-Length: x", b"Transfer-Encoding: chunked",
    b"X: " + b"y" * 9000, b"X-Forwarded-For: 10.0.0.1", b"X-Forwarded-For: \xff", b'Forwarded: for="[::1', b"NoColon",
    b" folded", b": none",
)  # fmt: skip
STATUSES: Final = frozenset(("101", "200", "400", "403", "404", "405", "408", "414", "426", "429", "431", "503", "505"))
"""What the port may answer."""


def make(chance: Chance) -> Input:
    lines = list(_USUAL)
    for _ in range(chance.of((0, 0, 1, 1, 1, 2, 3))):
        match chance.below(4):
            case 0 if lines:
                del lines[chance.below(len(lines))]
            case 1 if lines:
                lines.append(lines[chance.below(len(lines))])
            case 2 if lines:
                place = chance.below(len(lines))
                lines[place] = mutation.damaged(chance, lines[place], _OTHERS)
            case _:
                lines.insert(chance.below(len(lines) + 1), chance.of(_OTHERS))
    if chance.happens(0.02):
        lines += [b"X-%d: y" % index for index in range(300)]
    line = b" ".join((chance.of(_METHODS), chance.of(_PATHS), chance.of(_VERSIONS)))
    ending = b"\r\n" if chance.strict or chance.happens(0.9) else b"\n"
    request = ending.join([line, *lines, b"", b""])
    if not chance.strict and chance.happens(0.5):
        request = mutation.damaged(chance, request, (wire.HANDSHAKE,))
    if not chance.strict and chance.happens(0.1):
        request = (
            chance.of((b"\x16\x03\x01\x02\x00\x01", b"\x16", b"SSH-2.0-x\r\n", b"\r\n\r\n", b"", b"\x00" * 40))
            + request
        )
    if chance.happens(0.3):
        request += wire.frame(wire.TEXT, b'{"message_type":"ping"}')
    return chance.slices(request)


class Handshakes:
    """See the module."""

    def __init__(self, rig: Gateway) -> None:
        self._rig = rig

    async def feed(self, given: Input) -> str:
        peer = Peer(self._rig.hub)
        await peer.send(*given)
        said = peer.take()
        if not said:
            return await self._rig.outcome(peer) + (", hung up" if peer.transport.ended else "")
        status = _status(said)
        head, _, rest = said.partition(b"\r\n\r\n")
        answered = [judged(frame) for frame in wire.frames(rest)] if status == "101" else []
        if status != "101" and b"content-length: %d" % len(rest) not in head.lower() and rest:
            raise Broken(f"an answer whose length is not what it says: {said!r}")
        await self._rig.outcome(peer)
        return " ".join([status, *answered])

    def held(self) -> int:
        return self._rig.held()


def _status(said: bytes) -> str:
    version, _, rest = said.partition(b" ")
    status = rest[:3].decode("ascii", "replace")
    if version != b"HTTP/1.1" or status not in STATUSES:
        raise Broken(f"an undocumented answer: {said[:100]!r}")
    return status


@asynccontextmanager
async def _opened() -> AsyncIterator[Subject]:
    async with gateway(token_in_query=True, trusted_proxies=ADDRESS) as rig:
        yield Handshakes(rig)


HANDSHAKES: Final = Target("handshakes", "HTTP requests and what is none, before a WebSocket is open", make, _opened)
