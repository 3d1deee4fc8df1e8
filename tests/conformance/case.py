"""What a case of conformance is: bytes that are sent, and what has to come back for them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from tests.fuzz import wire

Answer = tuple[str, object]
"""A kind (``echo``, ``error``, ``pong``, ``close``) and what it says."""

ENVELOPE: Final = '{"message_type":"ping","data":{"a":"%s"}}'


@dataclass(frozen=True)
class Case:
    """*clause* is the section of RFC 6455 that asks for it; *sent* goes out part by part.

    The connection is to live on behind a case without a close among its *answers*.
    """

    name: str
    clause: str
    sent: list[bytes]
    answers: list[Answer] = field(default_factory=list)

    @property
    def closes(self) -> bool:
        return any(kind == "close" for kind, _ in self.answers)

    def __str__(self) -> str:
        return self.name


def echo(said: str) -> Answer:
    """The gateway understood the message and says the same again."""
    return "echo", said


def error(slug: str) -> Answer:
    return "error", slug


def pong(payload: bytes) -> Answer:
    return "pong", payload


def close(code: int | None) -> Answer:
    return "close", code


MALFORMED: Final = [error("malformed_message"), close(4500)]
"""What is answered to a frame that is right and holds no message of the protocol."""


def message(said: str) -> bytes:
    """Return a message that the gateway answers with the same *said*, as JSON would write it itself."""
    return (ENVELOPE % said).encode()


def message_of(size: int) -> bytes:
    """Return a message of so many bytes."""
    text = message("x" * (size - len(message(""))))
    if len(text) != size:
        raise AssertionError(f"there is no message of {size} bytes")
    return text


def text(payload: bytes, **how: object) -> bytes:
    return wire.frame(wire.TEXT, payload, **how)  # type: ignore[arg-type]


def fragments(payloads: Iterable[bytes], opcode: int = wire.TEXT) -> list[bytes]:
    """Return a message's frames, one for each payload."""
    parts = list(payloads)
    return [
        wire.frame(wire.CONT if index else opcode, part, fin=index == len(parts) - 1)
        for index, part in enumerate(parts)
    ]


def pieces(data: bytes, size: int = 1) -> list[bytes]:
    """Return *data* in pieces of *size* bytes."""
    return [data[begin : begin + size] for begin in range(0, len(data), size)]


def answers_in(frames: Iterable[wire.Frame]) -> Iterator[Answer]:
    """Yield what a gateway's frames say."""
    for frame in frames:
        if frame.opcode == wire.PONG:
            yield pong(frame.payload)
        elif frame.opcode == wire.CLOSE:
            yield close(frame.code)
        else:
            said = json.loads(frame.payload)
            data = said["data"]
            yield echo(data["a"]) if said["message_type"] == "pong" else error(data["code"])
