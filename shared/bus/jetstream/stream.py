"""The stream as a listener writes it: made where it is missing, its end looked at, appended to.

What is sent are the JSON requests of the JetStream API (https://docs.nats.io/reference/reference-protocols/
nats_api_reference); an error in an answer is a :exc:`StreamRefused` with the server's number for it.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
import structlog

from shared.bus.codec import Malformed, decode_published, encode
from shared.bus.jetstream.connection import Connection, NobodyAnswers
from shared.bus.jetstream.limits import StreamLimits
from shared.bus.jetstream.subjects import Subjects
from shared.bus.messages import Batch
from shared.errors import BusError
from shared.events import Event

log = structlog.get_logger(__name__)

API_TIMEOUT: Final = 2.0
NO_JETSTREAM: Final = "JetStream is not enabled on the NATS servers, or not for this user: enable it there"
NO_STREAM: Final = 10059
NO_MESSAGE: Final = 10037
WRONG_LAST: Final = 10071

MOST_UNREADABLE: Final = 10
"""Messages at the stream's end that may be unreadable before what is in front of them counts as lost."""


class StreamRefused(BusError):
    """The server said no; ``number`` is its err_code."""

    def __init__(self, number: int, words: str) -> None:
        super().__init__(f"the stream was refused: {words}")
        self.number = number


@dataclass(frozen=True, slots=True)
class Tail:
    """The stream's end: its sequence, the position up to which events are stored ("" and 0 in an empty one), and the
    event there."""

    sequence: int
    epoch: str = ""
    seq: int = 0
    last: Event | None = field(default=None, compare=False, repr=False)


class Stream:
    """Asks the servers about one stream; every method raises BusError."""

    def __init__(self, connection: Connection, subjects: Subjects, limits: StreamLimits) -> None:
        self._connection = connection
        self._subjects = subjects
        self._limits = limits

    async def tail(self) -> Tail:
        """Return where the stream ends, having made it where there is none."""
        found = await self._info()
        sequence = int(found["state"]["last_seq"])
        if not found["state"]["messages"]:
            return Tail(sequence)
        return await self._last(sequence)

    async def settle(self) -> None:
        """Give an existing stream the configuration wanted here, where it has another."""
        wanted = self._limits.configuration(self._subjects)
        present = (await self._info())["config"]
        differing = [name for name, value in wanted.items() if present.get(name) != value]
        if differing:
            await self._api("STREAM.UPDATE", {**present, **wanted})
            log.info("stream changed", stream=self._subjects.stream, settings=differing)

    async def append(self, batch: Batch, tail: Tail) -> Tail:
        """Store a batch right behind a tail and return the new one; StreamRefused where the stream ends elsewhere."""
        last = batch.events[-1]
        headers = {
            "Nats-Msg-Id": f"{batch.epoch}:{last.seq}:{tail.sequence}",
            "Nats-Expected-Last-Sequence": str(tail.sequence),
        }
        subject = self._subjects.events(batch.epoch, batch.after_seq)
        answer = await self._connection.ask(subject, encode(batch), timeout=API_TIMEOUT, headers=headers)
        return Tail(int(_read(answer.data)["seq"]), batch.epoch, last.seq, last)

    async def _info(self) -> dict[str, Any]:
        """Return what the servers say of the stream, having made it where there is none."""
        try:
            return await self._api("STREAM.INFO", {})
        except StreamRefused as error:
            if error.number != NO_STREAM:
                raise
            return await self._make()

    async def _make(self) -> dict[str, Any]:
        made = await self._api("STREAM.CREATE", self._limits.configuration(self._subjects))
        log.info("stream made", stream=self._subjects.stream, replicas=self._limits.replicas)
        return made

    async def _last(self, sequence: int) -> Tail:
        """Return the end by the newest message that can be read: one that cannot is no reason to fill it again."""
        question: dict[str, Any] = {"last_by_subj": self._subjects.stored}
        for _ in range(MOST_UNREADABLE + 1):
            try:
                found = (await self._api("STREAM.MSG.GET", question))["message"]
            except StreamRefused as error:
                if error.number != NO_MESSAGE:
                    raise
                break
            sequence = max(sequence, int(found["seq"]))
            if (batch := _batch(found)) is not None:
                return Tail(sequence, batch.epoch, batch.events[-1].seq, batch.events[-1])
            question = {"seq": int(found["seq"]) - 1}
        return Tail(sequence)

    async def _api(self, verb: str, body: dict[str, Any]) -> dict[str, Any]:
        subject = f"$JS.API.{verb}.{self._subjects.stream}"
        try:
            answer = await self._connection.ask(subject, msgspec.json.encode(body), timeout=API_TIMEOUT)
        except NobodyAnswers:
            raise BusError(NO_JETSTREAM) from None
        return _read(answer.data)


def _batch(message: dict[str, Any]) -> Batch | None:
    try:
        batch = decode_published(base64.b64decode(message["data"]))
    except (Malformed, ValueError, KeyError):  # a message without a payload has no data
        return None
    return batch if isinstance(batch, Batch) and batch.events else None


def _read(payload: bytes) -> dict[str, Any]:
    try:
        answer = msgspec.json.decode(payload, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise BusError("expected an answer of JetStream, got something else: is it enabled on the servers?") from None
    if error := answer.get("error"):
        raise StreamRefused(int(error.get("err_code", 0)), str(error.get("description", "")))
    return answer
