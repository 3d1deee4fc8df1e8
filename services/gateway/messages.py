"""What clients send, as structures, and the sentence about data that does not fit them."""

from __future__ import annotations

import unicodedata
from typing import Annotated, Final, TypeVar

import msgspec

from services.gateway.errors import Refusal, Slug
from services.gateway.subscribing import Asked
from shared.positions import Position
from shared.protocol import Envelope

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Identifier = Annotated[str, msgspec.Meta(max_length=128)]

MAX_SEQ: Final = 2**63 - 1
"""What the database's bigint can count to."""


class Register(msgspec.Struct):
    """``register``: who the client is, where it goes on, what it wants."""

    app_name: Name
    token: str | None = None
    resume: Position | None = None
    subscribe: list[Asked] = []


class RegisterOutline(msgspec.Struct):
    """As much of ``register`` as tells, at a tenth of the cost, whether it asks for more than anybody may."""

    token: str | None = None
    subscribe: list[msgspec.Raw] = []


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

DataT = TypeVar("DataT")


def open_envelope(text: bytes | bytearray) -> Envelope:
    """Return the envelope of a text frame; raise Refusal ``malformed_message``.

    The whole text is checked to be UTF-8 here, once: the parser looks at no string that it leaves as JSON text, and
    a browser that is passed such a string closes its connection (RFC 6455 section 8.1).
    """
    try:
        str(text, "utf-8")
        envelope = _envelopes.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refusal(Slug.MALFORMED_MESSAGE, got=_got(error)) from None
    if not bytes(envelope.data).startswith(b"{"):
        raise Refusal(Slug.MALFORMED_MESSAGE, got="a message whose data is no object")
    return envelope


def read(envelope: Envelope, structure: type[DataT]) -> DataT:
    """Return the envelope's data as *structure*; raise Refusal ``invalid_data``."""
    try:
        return msgspec.json.decode(envelope.data, type=structure)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Refusal(Slug.INVALID_DATA, message_type=envelope.message_type, detail=_detail(error)) from None


def check_register(asked: Register) -> None:
    """Raise Refusal ``invalid_data`` for what the structure of ``register`` cannot say."""
    if not asked.app_name.strip() or any(unicodedata.category(character) == "Cc" for character in asked.app_name):
        raise _misfit("app_name is a name to show: not only spaces, and without control characters")
    if asked.resume is not None and not 0 <= asked.resume.seq <= MAX_SEQ:
        raise _misfit(f"resume.seq lies between 0 and {MAX_SEQ}")
    if len({item.id for item in asked.subscribe}) < len(asked.subscribe):
        raise _misfit("each subscription has an id of its own, and one of subscribe came twice")


def reference(envelope: Envelope) -> str | int | None:
    """Return the id that the message carries, if it carries a usable one."""
    try:
        return msgspec.json.decode(envelope.data, type=Reference).id
    except (msgspec.DecodeError, RecursionError):
        return None


def _misfit(detail: str) -> Refusal:
    return Refusal(Slug.INVALID_DATA, message_type="register", detail=detail)


def _detail(error: Exception) -> str:
    text = str(error)
    return text[:1].lower() + text[1:]


def _got(error: Exception) -> str:
    """Say what is wrong with a frame in the parser's words."""
    if isinstance(error, UnicodeDecodeError):
        return f"text that is not UTF-8 (byte {error.start})"
    if isinstance(error, msgspec.ValidationError):
        return f"a message that does not fit ({_detail(error)})"
    return f"something that is not JSON ({_detail(error)})"
