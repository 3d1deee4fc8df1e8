"""What clients send, as structures, and the sentence about data that does not fit them."""

from __future__ import annotations

from typing import Annotated, Final, TypeVar

import msgspec

from services.gateway.errors import Refusal, Slug
from services.gateway.subscribing import Asked
from shared.positions import Position
from shared.protocol import Envelope

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Identifier = Annotated[str, msgspec.Meta(max_length=128)]


class Register(msgspec.Struct):
    """``register``: who the client is, where it goes on, what it wants."""

    app_name: Name
    token: str | None = None
    resume: Position | None = None
    subscribe: list[Asked] = []


class Token(msgspec.Struct):
    """``token``: a fresh one for the open connection."""

    token: str


class Unsubscribe(msgspec.Struct):
    """``unsubscribe``."""

    id: str


class To(msgspec.Struct):
    """Whom a broadcast is for; nothing given: everybody."""

    app_name: str | None = None
    client_id: str | None = None


class Broadcast(msgspec.Struct):
    """``broadcast``, alias ``custom_event``; with an id it is answered."""

    event_type: Name
    data: msgspec.Raw = msgspec.Raw(b"null")
    to: To = msgspec.field(default_factory=To)
    id: Identifier | int | None = None


class Reference(msgspec.Struct):
    """The id a message may carry, for an answer that names it."""

    id: Identifier | int | None = None


_envelopes: Final = msgspec.json.Decoder(Envelope)

StructT = TypeVar("StructT", bound=msgspec.Struct)


def open_envelope(text: bytes | bytearray) -> Envelope:
    """Return the envelope of a text frame; raise Refusal ``malformed_message``."""
    try:
        return _envelopes.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refusal(Slug.MALFORMED_MESSAGE, got=_got(error)) from None


def read(envelope: Envelope, structure: type[StructT]) -> StructT:
    """Return the envelope's data as *structure*; raise Refusal ``invalid_data``."""
    try:
        return msgspec.json.decode(envelope.data, type=structure)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refusal(Slug.INVALID_DATA, message_type=envelope.message_type, detail=_detail(error)) from None


def reference(envelope: Envelope) -> str | int | None:
    """Return the id that the message carries, if it carries a usable one."""
    try:
        return msgspec.json.decode(envelope.data, type=Reference).id
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _detail(error: Exception) -> str:
    text = str(error)
    return text[:1].lower() + text[1:]


def _got(error: Exception) -> str:
    """Say what is wrong with a frame in the parser's words."""
    if isinstance(error, msgspec.ValidationError):
        return f"a message that does not fit ({_detail(error)})"
    return f"something that is not JSON ({_detail(error)})"
