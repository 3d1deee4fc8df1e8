"""Bus messages as bytes: MessagePack of the tagged structures, one decoder for each direction.

Both implementations go through here, so that what cannot travel does not travel in memory either.
"""

from __future__ import annotations

from typing import Final, TypeVar

import msgspec

from shared.bus.messages import FromGateway, Published, Reply
from shared.errors import BusError

MAX_MESSAGE_BYTES: Final = 256 * 1024 * 1024
"""The largest message that travels; a peer that announces a longer one is disconnected before it is read."""

_encoder: Final = msgspec.msgpack.Encoder()
_published: Final[msgspec.msgpack.Decoder[Published]] = msgspec.msgpack.Decoder(Published)
_from_gateway: Final[msgspec.msgpack.Decoder[FromGateway]] = msgspec.msgpack.Decoder(FromGateway)
_reply: Final[msgspec.msgpack.Decoder[Reply]] = msgspec.msgpack.Decoder(Reply)


T = TypeVar("T")


class Malformed(BusError):
    """What came is not a message of this bus; it is counted and skipped."""


class MessageTooLarge(BusError):
    """What was to be sent is longer than :data:`MAX_MESSAGE_BYTES`; the sender must divide it."""


def encode(message: Published | FromGateway | Reply) -> bytes:
    """Return the message as bytes; raise :exc:`MessageTooLarge`."""
    payload = _encoder.encode(message)
    if len(payload) > MAX_MESSAGE_BYTES:
        raise MessageTooLarge(
            f"expected a bus message of at most {MAX_MESSAGE_BYTES} bytes, got {len(payload)} "
            f"in a {type(message).__name__}; send fewer or smaller events at a time"
        )
    return payload


def decode_published(payload: bytes) -> Published:
    """Read what a listener published; raise :exc:`Malformed`."""
    return _decode(_published, payload)


def decode_from_gateway(payload: bytes) -> FromGateway:
    """Read what a gateway asked or told; raise :exc:`Malformed`."""
    return _decode(_from_gateway, payload)


def decode_reply(payload: bytes) -> Reply:
    """Read a listener's answer; raise :exc:`Malformed`."""
    return _decode(_reply, payload)


def _decode(decoder: msgspec.msgpack.Decoder[T], payload: bytes) -> T:
    try:
        return decoder.decode(payload)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Malformed(f"expected a bus message, but {error}") from None
