"""What this product's own programs are told: ``wasla tail``, ``wasla status``, the probe, the station."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, cast

from aiohttp import web
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosedOK

from services.cli.conversation import Conversation, Happened
from services.cli.errors import StreamRefused
from services.cli.event_lines import EventLines
from services.cli.monitor_page import NotTheMonitor, read_status
from services.monitor.probe_stream import StreamBroken, _next, _ProbeEvent, _Registered
from services.station import requests
from services.station.answers import read
from tests.fuzz import mutation, valid
from tests.fuzz.chance import Chance
from tests.fuzz.target import Broken, Input, Subject, Target

_EVENT: Final = {
    "message_type": "realtime_event",
    "data": {"event_type": "TEST", "seq": 1, "data": {"nonce": "n"}, "hops": {"captured": 1.0, "gateway": 2.0}},
}
_STATUS: Final[dict[str, Any]] = {"ready": True, "processes": [], "lines": [], "realtime": {"late": False, "age": 1.0}}
_ASKED: Final[dict[str, dict[str, Any]]] = {
    "ArrivalRequest": {"license_plate": "123 TN 4567", "destination_id": "jemmal"},
    "SaleRequest": {"destination_id": "jemmal", "seats": 2, "queue_id": "q", "seen_free": 8, "post": "till"},
    "CancellationRequest": {"booking_id": "b", "one_seat": True},
    "TransferRequest": {"booking_id": "b", "to_queue_id": "q"},
    "VehicleRequest": {"queue_id": "q"},
    "SimulationRequest": {"action": "start", "speed": 60.0, "seed": 1, "until": "18:00"},
}
_TOOLS: Final = (b"tail", b"tail", b"probe", b"status", *(name.encode() for name in _ASKED))


def make(chance: Chance) -> Input:
    tool = chance.of(_TOOLS)
    if tool in (b"tail", b"probe"):
        messages = valid.FROM_GATEWAY if tool == b"tail" else (valid.REGISTERED, _EVENT, valid.FROM_GATEWAY[1])
        return [tool, *(valid.json_text(chance, messages) for _ in range(1 + chance.few()))]
    text = mutation.written(chance, mutation.tree(chance, _STATUS if tool == b"status" else _ASKED[tool.decode()]))
    return [tool, text if chance.strict else mutation.damaged(chance, text)]


class Said:
    """The part of a connection, and of a request, that the programs read from."""

    host = "127.0.0.1:8770"
    content_type = "application/json"

    def __init__(self, texts: Sequence[bytes]) -> None:
        self._texts = list(texts)
        self.headers = {"Content-Type": "application/json"}
        self.content_length = sum(map(len, texts))

    async def recv(self) -> str:
        if not self._texts:
            raise ConnectionClosedOK(None, None)
        return self._texts.pop(0).decode("utf-8", "replace")

    async def read(self) -> bytes:
        return b"".join(self._texts)


class OwnTools:
    """Each program's reading, by the program's name, which comes first."""

    async def feed(self, given: Input) -> str:
        tool, *texts = given or [b"tail"]
        match tool:
            case b"probe":
                return await _probe(texts)
            case b"status":
                return _status(b"".join(texts))
            case b"tail":
                return _tail(texts)
        return await _station(tool.decode("utf-8", "replace"), texts)

    def held(self) -> int:
        return len(asyncio.all_tasks())


def _tail(texts: Sequence[bytes]) -> str:
    conversation, lines, outcome = Conversation("fuzz"), EventLines(), "nothing"
    for text in texts:
        try:
            item = conversation.receive(text.decode("utf-8", "replace"))
        except StreamRefused:
            return "tail: refused"
        if isinstance(item, Happened):
            lines.pieces(item)
        outcome = type(item).__name__
        json.loads(conversation.opening(0.0))
    return f"tail: {outcome}"


async def _probe(texts: Sequence[bytes]) -> str:
    connection = cast("ClientConnection", Said(texts))
    try:
        await _next(connection, "registered", _Registered)
        event = await _next(connection, "realtime_event", _ProbeEvent)
    except StreamBroken:
        return "probe: broken"
    return f"probe: {len(event.hops)} hops"


def _status(body: bytes) -> str:
    try:
        read_status(body, "127.0.0.1:8766")
    except NotTheMonitor:
        return "status: another's"
    return "status"


async def _station(name: str, texts: Sequence[bytes]) -> str:
    structure = getattr(requests, name, requests.SaleRequest)
    request = cast("web.Request", Said(texts))
    try:
        asked = await read(request, structure)
    except web.HTTPException:
        raise
    except Exception as error:
        if getattr(error, "status", None) != 400:
            raise
        return "station: refused"
    if any("\x00" in value for value in vars_of(asked) if isinstance(value, str)):
        raise Broken("a text that PostgreSQL cannot hold was taken")
    return f"station: {type(asked).__name__}"


def vars_of(asked: Any) -> list[Any]:
    return [getattr(asked, name) for name in asked.__struct_fields__]


@asynccontextmanager
async def _opened() -> AsyncIterator[Subject]:
    yield OwnTools()


OWN_TOOLS: Final = Target(
    "own tools", "what wasla tail, wasla status, the probe and the station are told", make, _opened, 0.5
)
