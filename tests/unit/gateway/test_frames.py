"""Frames, byte for byte (RFC 6455 section 5.2)."""

from __future__ import annotations

import pytest
from websockets.frames import Frame, Opcode

from services.gateway.frames import payload_of, text_frame


@pytest.mark.parametrize(
    ("length", "header"),
    [
        (0, b"\x81\x00"),
        (125, b"\x81\x7d"),
        (126, b"\x81\x7e\x00\x7e"),
        (65_535, b"\x81\x7e\xff\xff"),
        (65_536, b"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
    ],
)
def test_a_text_frame_has_the_shortest_header(length: int, header: bytes) -> None:
    payload = b"x" * length
    frame = text_frame(payload)
    assert frame == header + payload
    assert frame == Frame(Opcode.TEXT, payload).serialize(mask=False)
    assert payload_of(frame) == payload
