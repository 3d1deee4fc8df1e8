"""Every input that once did what it must not, and what has to come of it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import msgspec
import pytest

from services.pg_listener.roster import MAX_GATEWAYS, Gateways
from shared.bus.messages import (
    Beat,
    Broadcast,
    BroadcastRequest,
    Recipient,
    ReplayRequest,
    RosterAnswer,
    RosterEntry,
    Sender,
)
from shared.heartbeats import Heartbeat
from tests.fuzz import wire
from tests.fuzz.gateway import Peer, gateway
from tests.fuzz.running import once
from tests.fuzz.target import Input
from tests.fuzz.targets import BY_NAME
from tests.fuzz.targets.tokens import NOW, SECRET

_PING = wire.frame(wire.PING, b"early")
_TWO_UPGRADES = wire.HANDSHAKE[:-2] + b"Upgrade: websocket\r\n\r\n"
_DEEP = b"\x91" * 100_000 + b"\xc0"
_HELLO = b"\x83\xa1z" + _DEEP + b"\xa4type\xa5hello\xa7gateway\xa1g"
_HEARTBEAT = Heartbeat("gateway", "gateway", 1, "here", "serving", True, 1.0, 0.0, b"", [])
_NAN_TIME = b"# TYPE wasla_g gauge\nwasla_g 1 nan\n"


def _token(**claims: object) -> bytes:
    said = {"sub": "amine", "aud": "wasla", "iss": "https://issuer.example", "exp": NOW + 60, **claims}
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in ({"alg": "HS256"}, said)]
    signed = b".".join(parts)
    signature = hmac.new(SECRET, signed, hashlib.sha256).digest()
    return signed + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")


def _broadcast(data: bytes) -> BroadcastRequest:
    return BroadcastRequest(1, Broadcast("b", "NOTE", data, Sender("c", "a"), Recipient()))


def _event(**changed: object) -> bytes:
    data = {"event_type": "INSERT", "table": "bookings", "seq": 11, "data": {"id": "b"}, **changed}
    return json.dumps({"message_type": "realtime_event", "data": data}).encode()


def _said(message_type: str, **data: object) -> bytes:
    return json.dumps({"message_type": message_type, "data": data}).encode()


_NAMES = {"id": "b", "timestamp": "", "channel": ""}
_REGISTERED = _said("registered", epoch="e", seq=10)
_MALFORMED = "notice 'malformed_message'"

FOUND: dict[str, tuple[str, Input, str]] = {
    # The request's parser raised for a header that came twice, and the connection was left as it stood.
    "Upgrade twice": ("handshakes", [_TWO_UPGRADES], "426"),
    # Frames right behind the request were answered before it; a broken one ended our half with 101 yet to be said,
    # and at the deadline of that handshake the whole gateway.
    "a ping before the answer": ("handshakes", [wire.HANDSHAKE + _PING], "101 pong frame"),
    "a broken frame before the answer": ("handshakes", [wire.HANDSHAKE + b"\xff\xff"], "101 close 1002"),
    "the blank line in two": ("handshakes", [wire.HANDSHAKE[:-3], wire.HANDSHAKE[-3:] + _PING], "101 pong frame"),
    # The decoders of the bus knew of everything but depth: the task that reads it ended, and with it the process.
    "a deep request": ("bus, requests", [_HELLO], "malformed"),
    "a deep request over ZeroMQ": ("bus, sockets", [b"\0", _HELLO], "malformed"),
    "a deep reply": ("bus, replies", [_HELLO], "malformed"),
    "a deep publication": ("bus, published", [_HELLO], "malformed"),
    "a deep heartbeat": ("heartbeats", [b"\x82\xa1z" + _DEEP + b"\xa7process\xa1g"], "malformed"),
    # Times that no calendar has were decoded, and raised where clients were to be told them.
    "a beat from beyond time": (
        "bus, published",
        [msgspec.msgpack.encode(Beat("l", True, "e", 1, True, 1e300, 1, 1.0))],
        "malformed",
    ),
    "a roster from beyond time": (
        "bus, requests",
        [msgspec.msgpack.encode(RosterAnswer("q", "g", [RosterEntry("c", "a", "g", float("nan"), 1.0)]))],
        "malformed",
    ),
    # One process's metrics with a time that is none took the page of everybody's away.
    "metrics at no time": (
        "heartbeats",
        [msgspec.msgpack.encode(msgspec.structs.replace(_HEARTBEAT, metrics=_NAN_TIME))],
        "taken",
    ),
    # A refusal shows what came; half of a surrogate pair is JSON for whoever issues tokens, and cannot be shown.
    "half a character in a claim": (
        "tokens",
        [_token(station="S1", towns=["a", 1, "\ud800"])],
        "admitted by token as clerk",
    ),
    # A replay of no events at all was asked of the log.
    "a replay of nothing": (
        "listener",
        [msgspec.msgpack.encode(ReplayRequest(1, "e1", 0, 0, 1000))],
        "Failed",
    ),
    "a broadcast that is no JSON": ("listener", [msgspec.msgpack.encode(_broadcast(b"{}\xff"))], "Failed"),
    "a broadcast that is JSON": ("listener", [msgspec.msgpack.encode(_broadcast(b"{}"))], "Done Failed"),
    # Words of the command line that are not UTF-8, or nested without end.
    "bytes in a condition": ("filters", [b"status=\xff"], "refused"),
    "bytes in a column": ("filters", [b"\xff=1"], "refused"),
    "a deep condition": ("filters", [b"status=" + b"[" * 100_000], "a filter"),
    # A page that is another program's, a gateway that is none, and a browser that sends what is no UTF-8.
    "a deep status": ("own tools", [b"status", b'{"a":' * 100_000], "status: another's"),
    "a deep word to the probe": ("own tools", [b"probe", b'{"a":' + b"[" * 100_000], "probe: broken"),
    "a row that is a list": ("own tools", [b"tail", _event(data=[1], **_NAMES)], "tail: Happened"),
    "bytes to the station": ("own tools", [b"VehicleRequest", b'{"\xff":1}'], "station: refused"),
    "NUL to the station": ("own tools", [b"VehicleRequest", b'{"queue_id":"a\\u0000"}'], "station: refused"),
    # What a gateway should not say ended the Python client, streams and all.
    "changed is a number": ("Python client", [_REGISTERED, _event(changed=6)], _MALFORMED),
    "old is a number": ("Python client", [_REGISTERED, _event(old=4)], _MALFORMED),
    "tx is a text": ("Python client", [_REGISTERED, _event(tx="7")], _MALFORMED),
    "tables is a number": ("Python client", [_REGISTERED, _said("resync", epoch="e", seq=4, tables=7)], _MALFORMED),
    "from is a list": ("Python client", [_REGISTERED, _said("custom_event", **{"from": [1]})], _MALFORMED),
    "in_reply_to is a list": ("Python client", [_REGISTERED, _said("error", in_reply_to=[3])], _MALFORMED),
    "clients are lists": ("Python client", [_REGISTERED, _said("clients", clients=[[]])], _MALFORMED),
    "clients are null": ("Python client", [_REGISTERED, _said("clients", clients=None, missing=None)], "Answer"),
    "an interval without end": (
        "Python client",
        [b'{"message_type":"registered","data":{"epoch":"e","seq":1,"ping_interval":%s}}' % (b"1" * 400)],
        "Send",
    ),
    "an interval without end, in a browser": (
        "JavaScript client",
        [b'{"message_type":"registered","data":{"epoch":"e","seq":1,"ping_interval":1e400}}'],
        "registered",
    ),
    "an end that cannot be written": (
        "JavaScript client",
        [_REGISTERED, _said("token_expiring", expires_at={"toString": "2026"})],
        "token_wanted",
    ),
    "a deep message type": (
        "JavaScript client",
        [b'{"message_type":' + b'{"a":' * 20_000 + b"1" + b"}" * 20_001],
        "notice malformed_message",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("target", "given", "outcome"), FOUND.values(), ids=FOUND)
async def test_what_was_found_once(target: str, given: Input, outcome: str) -> None:
    assert await once(BY_NAME[target], given) == outcome


def test_gateways_that_are_made_up_are_forgotten() -> None:
    gateways = Gateways()
    for number in range(10 * MAX_GATEWAYS):
        gateways.heard(f"g{number}", 1.0)
        gateways.heard("real", 1.0)
    assert len(gateways.present(1.0)) == MAX_GATEWAYS
    assert "real" in gateways.present(1.0)


async def test_a_subscription_of_any_depth_is_answered() -> None:
    """What is deep is read more than once, each time at another depth of the stack: one of them may be too much."""
    outcomes = set()
    for depth in range(700, 1000):
        asked = b'{"id":"s","tables":["bookings"],"where":{"id":{"eq":%s}}}' % (b"[" * depth + b"]" * depth)
        outcomes.add(await once(BY_NAME["subscriptions"], [b"catalogue", asked, b"{}"]))
    assert outcomes == {"refused wrong_value_type", "refused malformed_message"}


async def test_a_handshake_that_nothing_can_be_said_to_is_let_go() -> None:
    """The sweep over all connections ends with the first that raises, and the gateway with it."""
    async with gateway() as rig:
        peer = Peer(rig.hub)
        peer.connection._outgoing.end()
        peer.connection.refuse_handshake()
        assert peer.transport.closing
        peer.leave()
