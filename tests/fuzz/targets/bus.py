"""Bus messages, in both directions: the codec, and what those who hear a message make of it."""

from __future__ import annotations

import struct
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final

import msgspec

from services.gateway.access.revocations import Revocations
from services.gateway.arrivals import Arrivals
from services.gateway.database_status import DatabaseStatus, next_status
from services.gateway.intake import Intake
from services.gateway.replies import clients, status
from services.pg_listener.roster import Gathering
from shared.bus.codec import Malformed, decode_from_gateway, decode_published, decode_reply, encode
from shared.bus.messages import (
    Batch,
    Beat,
    Broadcast,
    BroadcastRequest,
    CatalogReply,
    CatalogRequest,
    Done,
    Failed,
    Hello,
    Recipient,
    ReplayReply,
    ReplayRequest,
    RevocationsReply,
    RevocationsRequest,
    RosterAnswer,
    RosterEntry,
    RosterQuery,
    RosterReply,
    RosterRequest,
    Sender,
)  # fmt: skip
from shared.events import Event
from shared.protocol import encode as encode_message
from shared.protocol import is_json
from tests.fuzz import hostile, mutation
from tests.fuzz.chance import Chance
from tests.fuzz.gateway import CATALOG, NOW, Gateway, gateway
from tests.fuzz.target import Broken, Input, Subject, Target

_TEXT: Final = b'{"message_type":"realtime_event","data":{"event_type":"INSERT"}}'
_EVENTS: Final = [
    Event(5, "INSERT", "bookings", "booking_events", None, 1.0, _TEXT),
    Event(6, "TEST", "wasla.probe", "wasla_probe", None, 1.0, _TEXT, True),
]
_BROADCAST: Final = Broadcast("b", "NOTE", b'{"a":1}', Sender("c", "app"), Recipient("app", None))
_ENTRY: Final = RosterEntry("c", "app", "g", 1.5, 2.5)
PUBLISHED_ONES: Final = (
    Batch("e1", 4, _EVENTS, 1.0, 2.0),
    Beat("l", True, "e1", 6, True, 1.0, 1, 2.0, 3),
    _BROADCAST,
    RosterQuery("q"),
)
REQUESTS_ONES: Final = (
    Hello("g"),
    ReplayRequest(1, "e1", 4, 10, 1000),
    BroadcastRequest(2, _BROADCAST),
    RosterRequest(3),
    CatalogRequest(4),
    RevocationsRequest(5),
    RosterAnswer("q", "g", [_ENTRY]),
)
REPLIES_ONES: Final = (
    ReplayReply(1, "e1", 4, _EVENTS, 6),
    RosterReply(2, [_ENTRY], ["g2"]),
    CatalogReply(3, 1, CATALOG),
    RevocationsReply(4, 1, {"eve": 1.0}, ["t"]),
    Done(5),
    Failed(6, "no"),
)


def payload(chance: Chance, messages: Sequence[msgspec.Struct]) -> bytes:
    """Return one of *messages* as MessagePack, spoilt."""
    encoded = [msgspec.msgpack.encode(message) for message in messages]
    tree = msgspec.msgpack.decode(chance.of(encoded))
    packed = pack(mutation.tree(chance, tree, times=chance.of((0, 1, 1, 1, 2, 4))))
    if chance.happens(0.05) and isinstance(tree, dict):
        packed = pack({"z": _nested(chance.of((100, 900, 2000, 50_000))), **tree})
    return mutation.damaged(chance, packed, encoded) if not chance.strict and chance.happens(0.6) else packed


class _Packed(bytes):
    """MessagePack that stands in a tree as it is."""


def _nested(depth: int) -> _Packed:
    return _Packed(b"\x91" * depth + b"\xc0")


def pack(value: Any) -> bytes:
    """Write a tree down as MessagePack, also what no encoder would write: strings that are no UTF-8."""
    match value:
        case _Packed():
            return bytes(value)
        case hostile.Text():
            return value[:1000]
        case bytes():
            return b"\xc6" + struct.pack(">I", len(value)) + value
        case str():
            data = value.encode("utf-8", "surrogatepass")
            return b"\xdb" + struct.pack(">I", len(data)) + data
        case bool() | None:
            return {None: b"\xc0", False: b"\xc2", True: b"\xc3"}[value]
        case int():
            return b"\xd3" + struct.pack(">q", value) if -(2**63) <= value < 2**63 else b"\xcf" + b"\xff" * 8
        case float():
            return b"\xcb" + struct.pack(">d", value)
        case dict():
            return b"\xdf" + struct.pack(">I", len(value)) + b"".join(pack(key) + pack(value[key]) for key in value)
        case list():
            return b"\xdd" + struct.pack(">I", len(value)) + b"".join(map(pack, value))
    raise AssertionError(f"a tree of JSON and bytes has no {type(value).__name__}")


class Heard:
    """Who hears: a message that was read has to be of use, or at least of no harm."""

    def __init__(self, decode: Callable[[bytes], msgspec.Struct], rig: Gateway) -> None:
        self._decode = decode
        self._rig = rig

    async def feed(self, given: Input) -> str:
        try:
            message = self._decode(b"".join(given))
        except Malformed:
            return "malformed"
        if encode(self._decode(encode(message))) != encode(message):  # type: ignore[arg-type]
            raise Broken("what was read is written as something else")
        _take(message, self._rig)
        await self._rig.check_bystander()
        return type(message).__name__

    def held(self) -> int:
        return self._rig.held()


def _take(message: Any, rig: Gateway) -> None:
    match message:
        case Batch():
            Arrivals().came(message)
            Intake(100, 10_000, epoch="e1").on_batch("line", message, 0.0)
        case Beat():
            _believe(message)
        case Broadcast() if is_json(message.data):
            rig.hub.pass_on(message)
        case RosterAnswer():
            gathering = Gathering(message.query_id, frozenset({"g"}))
            gathering.add(message)
            encode_message("clients", clients(gathering.reply(1)), NOW)
        case RosterReply():
            encode_message("clients", clients(message), NOW)
        case ReplayReply():
            intake = Intake(100, 10_000, epoch="e1")
            intake.on_reply(message, 0.0)
        case CatalogReply():
            _ = message.catalog.channels
        case RevocationsReply():
            Revocations(message.users, frozenset(message.token_ids)).cover("eve", "t", 1.0)
        case _:
            pass


def _believe(beat: Beat) -> None:
    intake = Intake(100, 10_000)
    intake.on_beat("line", beat, 0.0)
    intake.on_beat("line", beat, 0.1)
    for database in (DatabaseStatus(False, NOW), DatabaseStatus(True, NOW)):
        encode_message("status", status(next_status(database, intake.lines.values(), 0.2, NOW)), NOW)
    intake.book.judge(0.2)


def _opening(decode: Callable[[bytes], Any]) -> Callable[[], AbstractAsyncContextManager[Subject]]:
    @asynccontextmanager
    async def opened() -> AsyncIterator[Subject]:
        async with gateway() as rig:
            yield Heard(decode, rig)

    return opened


def _making(messages: Sequence[msgspec.Struct]) -> Callable[[Chance], Input]:
    return lambda chance: [payload(chance, messages)]


PUBLISHED: Final = Target(
    "bus, published",
    "what listeners publish, as gateways and monitors hear it",
    _making(PUBLISHED_ONES),
    _opening(decode_published),
)
REQUESTS: Final = Target(
    "bus, requests",
    "what gateways ask and tell, as a listener hears it",
    _making(REQUESTS_ONES),
    _opening(decode_from_gateway),
)
REPLIES: Final = Target(
    "bus, replies", "what listeners answer, as a gateway hears it", _making(REPLIES_ONES), _opening(decode_reply)
)
