"""The WebSocket's bytes, written and read by themselves, so that what is tested is not its own judge (RFC 6455)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from services.gateway.errors import Slug
from tests.fuzz.target import Broken

CONT, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
KEY: Final = b"dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT: Final = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
"""The key of section 1.3 and what answers it."""

HANDSHAKE: Final = (
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1:8765\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: "
    + KEY
    + b"\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
ANSWERS: Final = frozenset((
    "registered", "realtime_event", "custom_event", "position", "resync", "status", "error", "token_expiring", "pong",
    "subscribed", "unsubscribed", "broadcasted", "clients", "token_accepted",
))  # fmt: skip
SLUGS: Final = frozenset(slug.value for slug in Slug)


class Frame(NamedTuple):
    """One frame as it came; ``code`` is a close frame's."""

    opcode: int
    payload: bytes
    fin: bool = True

    @property
    def code(self) -> int | None:
        return int.from_bytes(self.payload[:2], "big") if len(self.payload) >= 2 else None


def frame(
    opcode: int,
    payload: bytes = b"",
    *,
    fin: bool = True,
    rsv: int = 0,
    mask: bytes | None = b"\x01\x02\x03\x04",
    length_bytes: int | None = None,
    announced: int | None = None,
) -> bytes:
    """Return a frame as a client writes it, or as none should: *mask* None, a longer length field, a false length."""
    length = len(payload) if announced is None else announced
    size = length_bytes if length_bytes is not None else (0 if length < 126 else 2 if length < 1 << 16 else 8)
    head = bytes((fin << 7 | rsv << 4 | opcode, (mask is not None) << 7 | {0: length & 0x7F, 2: 126, 8: 127}[size]))
    head += (length % (1 << 8 * size)).to_bytes(size, "big") if size else b""
    return head + payload if mask is None else head + mask + masked(payload, mask)


def masked(payload: bytes, mask: bytes) -> bytes:
    """Return *payload* under *mask* (section 5.3); the same again takes it off."""
    stream = (mask * (len(payload) // 4 + 1))[: len(payload)]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(stream, "big")).to_bytes(len(payload), "big")


def frames(data: bytes) -> Iterator[Frame]:
    """Yield a server's frames; raise Broken where a client would have to fail the connection."""
    place = 0
    while place < len(data):
        if len(data) - place < 2:
            raise Broken(f"the server's bytes end within a frame: {data[place:]!r}")
        first, second = data[place], data[place + 1]
        if first & 0x70 or second & 0x80 or first & 0x0F not in (TEXT, CLOSE, PING, PONG):
            raise Broken(f"no frame of a server of ours: {data[place : place + 20]!r}")
        size = {126: 2, 127: 8}.get(second, 0)
        length = int.from_bytes(data[place + 2 : place + 2 + size], "big") if size else second
        begin = place + 2 + size
        if begin + length > len(data):
            raise Broken("the server's bytes end within a frame")
        yield Frame(first & 0x0F, data[begin : begin + length], bool(first & 0x80))
        place = begin + length


def message_of(payload: bytes) -> dict[str, Any]:
    """Return a server's message; raise Broken unless every client can read it and its documentation names it."""
    try:
        message = json.loads(payload.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise Broken(f"the server sent what is no JSON ({error}): {payload[:200]!r}") from error
    if message["message_type"] not in ANSWERS or not isinstance(message["data"], dict):
        raise Broken(f"the server sent an undocumented message: {payload[:200]!r}")
    if message["message_type"] == "error" and message["data"]["code"] not in SLUGS:
        raise Broken(f"the server sent an undocumented error: {payload[:200]!r}")
    return message


def is_proper(code: int) -> bool:
    """Tell whether a close frame may carry that code (section 7.4 and the registry it refers to)."""
    return (1000 <= code <= 1014 and code not in (1004, 1005, 1006)) or 3000 <= code <= 4999


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")
