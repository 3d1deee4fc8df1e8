"""The opening handshake (RFC 6455 section 4.2), and what is agreed on in it."""

from __future__ import annotations

import pytest

from services.gateway.service import Gateway
from tests.conformance.case import message
from tests.conformance.raw_client import connected
from tests.fuzz import wire

pytestmark = pytest.mark.asyncio(loop_scope="module")

PING = wire.frame(wire.PING, b"early")


def request(*changed: bytes, without: bytes = b"") -> bytes:
    """Return the usual request, without the header of that name and with the others."""
    line, *headers = wire.HANDSHAKE.rstrip(b"\r\n").split(b"\r\n")
    kept = [header for header in headers if not without or not header.startswith(without)]
    return b"\r\n".join([line, *kept, *changed, b"", b""])


async def test_the_key_is_answered(gateway: Gateway) -> None:
    """Section 4.2.2: the accept value is the hash of the key and the protocol's own identifier."""
    async with connected(gateway.port) as client:
        head = await client.response()
    assert head.startswith(b"HTTP/1.1 101 ")
    assert b"Sec-WebSocket-Accept: " + wire.ACCEPT + b"\r\n" in head


@pytest.mark.parametrize(
    "offer",
    [
        b"permessage-deflate",
        b"permessage-deflate; client_max_window_bits; server_no_context_takeover",
        b"permessage-deflate; client_max_window_bits=10, permessage-deflate",
        b"x-webkit-deflate-frame",
        b"permessage-bzip2; level=9",
    ],
)
async def test_an_offer_of_compression_is_declined(gateway: Gateway, offer: bytes) -> None:
    """Section 9.1 and RFC 7692 section 5: an extension that the answer does not name is not in use."""
    async with connected(gateway.port, request(b"Sec-WebSocket-Extensions: " + offer)) as client:
        head = await client.response()
        assert head.startswith(b"HTTP/1.1 101 ")
        assert b"sec-websocket-extensions" not in head.lower()
        await client.send(wire.frame(wire.TEXT, message("plain")))
        assert b'"plain"' in (await client.frame()).payload


REFUSED = {
    "no key": (request(without=b"Sec-WebSocket-Key"), b"400"),
    "a key that is not 16 bytes": (request(b"Sec-WebSocket-Key: c2hvcnQ=", without=b"Sec-WebSocket-Key"), b"400"),
    "two keys": (request(b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="), b"400"),
    "another version": (request(b"Sec-WebSocket-Version: 8", without=b"Sec-WebSocket-Version"), b"400"),
    "no connection to upgrade": (request(without=b"Connection"), b"426"),
    "another upgrade": (request(b"Upgrade: h2c", without=b"Upgrade"), b"426"),
    "two upgrades": (request(b"Upgrade: websocket"), b"426"),
    "another method": (request().replace(b"GET", b"PUT", 1), b"405"),
    "a header without a colon": (request(b"nothing"), b"400"),
    "a folded header": (request(b" folded"), b"400"),
}


@pytest.mark.parametrize(("asked", "status"), REFUSED.values(), ids=REFUSED)
async def test_a_request_that_is_none_is_answered(gateway: Gateway, asked: bytes, status: bytes) -> None:
    """Section 4.2.1: whatever is missing or wrong, the answer says so, and the connection ends."""
    async with connected(gateway.port, asked) as client:
        answer = await client.rest()
    assert answer.split(b" ")[1] == status, answer


EARLY = {
    "a ping": ([PING], [(wire.PONG, b"early")]),
    "a broken frame": ([b"\xff\xff"], [(wire.CLOSE, b"\x03\xea")]),
    "an unmasked frame": ([wire.frame(wire.PING, b"x", mask=None)], [(wire.CLOSE, b"\x03\xea")]),
    "a close": ([wire.frame(wire.CLOSE, b"\x03\xe8")], [(wire.CLOSE, b"\x03\xe8")]),
}


@pytest.mark.parametrize(("early", "answers"), EARLY.values(), ids=EARLY)
@pytest.mark.parametrize("in_pieces", [False, True], ids=["at once", "in pieces"])
async def test_frames_before_the_answer_wait_for_it(
    gateway: Gateway, early: list[bytes], answers: list[tuple[int, bytes]], in_pieces: bool
) -> None:
    """Section 4.1: a client waits for the answer. One that does not is answered in order, and harms nobody."""
    asked = wire.HANDSHAKE + b"".join(early)
    parts = [asked[:-4], asked[-4:]] if in_pieces else [asked]
    async with connected(gateway.port, b"") as client:
        await client.send(*parts)
        assert (await client.response()).startswith(b"HTTP/1.1 101 ")
        got = [await client.frame() for _ in answers]
    assert [
        (frame.opcode, frame.payload[: len(payload)]) for frame, (_, payload) in zip(got, answers, strict=True)
    ] == answers
