"""WebSocket text frames as a server sends them: unmasked, unfragmented (RFC 6455 section 5.2).

A frame is the same bytes for every client, so each event is framed once, when it enters the ring.
"""

from __future__ import annotations


def text_frame(payload: bytes) -> bytes:
    """Return one final text frame around UTF-8 *payload*."""
    length = len(payload)
    if length < 126:
        return bytes((0x81, length)) + payload
    if length < 1 << 16:
        return b"\x81\x7e" + length.to_bytes(2, "big") + payload
    return b"\x81\x7f" + length.to_bytes(8, "big") + payload


def compressed_frame(payload: bytes) -> bytes:
    """Return one final text frame around a compressed *payload*, which its first reserved bit says (RFC 7692)."""
    return b"\xc1" + text_frame(payload)[1:]


def payload_of(frame: bytes) -> memoryview:
    """Return the payload of a frame made by :func:`text_frame`, without copying it."""
    header = {126: 4, 127: 10}.get(frame[1], 2)
    return memoryview(frame)[header:]
