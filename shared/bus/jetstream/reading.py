"""Reading the stream by position, as every server that holds a copy of it answers ("direct get").

Three questions at most find a position: the first message of its stretch; where that begins behind it, the message
before; where the stretch has none, the last one of the stretch before. From there messages come in a row.
"""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from nats.aio.msg import Msg

from shared.bus.codec import Malformed, decode_published
from shared.bus.jetstream.connection import Connection, NotConnected
from shared.bus.jetstream.subjects import STRETCH, Subjects
from shared.bus.messages import Batch
from shared.errors import BusError
from shared.events import Event

TIMEOUT: Final = 1.0
"""Seconds for one question: a cluster that has just lost a server may not answer it."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A stored batch and its place."""

    sequence: int
    batch: Batch

    @property
    def last_seq(self) -> int:
        """The seq of its last event."""
        return self.batch.after_seq + len(self.batch.events)


class StreamReader:
    """Reads over a connection; answers come to subjects below ``inbox``. Every method raises BusError."""

    def __init__(self, connection: Connection, subjects: Subjects, inbox: str) -> None:
        self._connection = connection
        self._subjects = subjects
        self._inbox = inbox
        self._numbers = itertools.count()
        self._open: dict[str, asyncio.Queue[Stored | None]] = {}

    async def last(self) -> Stored | None:
        """Return the newest stored batch; None where the stream is empty, or not there."""
        return await self._one({"last_by_subj": self._subjects.stored})

    async def after(self, epoch: str, after_seq: int, max_events: int, max_bytes: int) -> list[Event]:
        """Return events that follow a position without a hole; none where the stream does not hold the next one."""
        found = await self._find(epoch, after_seq)
        if found is None:
            return []
        events: list[Event] = []
        top, sequence = after_seq, found.sequence
        while not events:
            question = {"seq": sequence, "batch": max_events, "max_bytes": max_bytes}
            stretch = await self._ask(question)
            if not stretch:
                break
            for stored in stretch:
                batch = stored.batch
                if batch.epoch != epoch or batch.after_seq > top:
                    return events[:max_events]
                new = batch.events[max(0, top - batch.after_seq) :]
                events += new
                top += len(new)
            sequence = stretch[-1].sequence + 1
        return events[:max_events]

    def heard(self, message: Msg, payload: bytes) -> None:
        """Take an answer that came to a subject below the inbox."""
        waiting = self._open.get(message.subject)
        if waiting is None:
            return
        headers = message.headers or {}
        if "Status" in headers:
            waiting.put_nowait(None)
        elif (stored := _stored(headers, payload)) is not None:
            waiting.put_nowait(stored)

    async def _find(self, epoch: str, after_seq: int) -> Stored | None:
        number = after_seq // STRETCH
        first = await self._one({"next_by_subj": self._subjects.stretch(epoch, number), "seq": 1})
        if first is not None and first.batch.after_seq <= after_seq:
            return first
        if first is not None:
            before = await self._one({"seq": first.sequence - 1}) if first.sequence > 1 else None
        else:
            before = await self._one({"last_by_subj": self._subjects.stretch(epoch, number - 1)})
        return before if before is not None and _holds(before, epoch, after_seq + 1) else None

    async def _one(self, question: dict[str, Any]) -> Stored | None:
        answers = await self._ask(question)
        return answers[0] if answers else None

    async def _ask(self, question: dict[str, Any]) -> list[Stored]:
        """Return the answers, which end with a status where several are asked for, or none was found."""
        reply = f"{self._inbox}.{next(self._numbers)}"
        waiting = self._open[reply] = asyncio.Queue()
        answers: list[Stored] = []
        try:
            async with asyncio.timeout(TIMEOUT):
                subject = f"$JS.API.DIRECT.GET.{self._subjects.stream}"
                if not self._connection.send(subject, msgspec.json.encode(question), reply=reply):
                    raise NotConnected("no NATS server is connected")
                while (stored := await waiting.get()) is not None:
                    answers.append(stored)
                    if "batch" not in question:
                        break
        except TimeoutError:
            if not answers:
                raise BusError(f"the stream was not read within {TIMEOUT:g} s") from None
        finally:
            del self._open[reply]
        return answers


def _stored(headers: dict[str, str], payload: bytes) -> Stored | None:
    try:
        batch = decode_published(payload)
    except Malformed:
        return None
    return Stored(int(headers.get("Nats-Sequence", 0)), batch) if isinstance(batch, Batch) else None


def _holds(stored: Stored, epoch: str, seq: int) -> bool:
    return stored.batch.epoch == epoch and stored.batch.after_seq < seq <= stored.last_seq
