"""The Python client's core does what ``clients/vectors.json`` says, step by step."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from wasla_client import effects as done
from wasla_client.matching import matches
from wasla_client.names import brings_changes, names_of_broadcast, names_of_change
from wasla_client.positions import Position, as_resume
from wasla_client.session import Session

Json = dict[str, Any]

FILE = Path(__file__).parents[3] / "clients" / "vectors.json"
BOOK: Json = json.loads(FILE.read_text(encoding="utf-8"))
VECTORS: list[Json] = BOOK["vectors"]
MATCHING: list[Json] = BOOK["matching"]
LOCAL_NAMES: list[Json] = BOOK["names"]


def text(message: Json) -> str:
    return json.dumps({**message, "timestamp": "2026-01-01T00:00:00Z"})


FACTS: dict[str, Callable[[Session, Any, float], list[done.Effect]]] = {
    "connect": lambda session, _, now: session.connect(now=now),
    "opened": lambda session, it, now: session.opened(it.get("token"), now=now),
    "message": lambda session, it, now: session.received(text(it), now=now),
    "text": lambda session, it, now: session.received(it, now=now),
    "closed": lambda session, it, now: session.closed(it, now=now),
    "tick": lambda session, _, now: session.tick(now=now),
    "wake": lambda session, _, now: session.wake(now=now),
    "subscribe": lambda session, it, now: session.subscribe(it, now=now),
    "unsubscribe": lambda session, it, now: session.unsubscribe(it, now=now),
    "broadcast": lambda session, it, now: session.broadcast(
        {name: value for name, value in it.items() if name != "queue"}, queue=it.get("queue", False), now=now
    ),
    "clients": lambda session, it, now: session.ask_clients(it, now=now),
    "token": lambda session, it, now: session.offer_token(it, now=now),
    "disconnect": lambda session, _, now: session.disconnect(now=now),
}


NAMES: dict[type[done.Effect], str] = {
    done.Close: "close",
    done.HandEvent: "event",
    done.TellResync: "resync",
    done.HandCustomEvent: "custom_event",
    done.Notice: "notice",
    done.Refused: "refused",
    done.TokenWanted: "token_wanted",
    done.GaveUp: "gave_up",
    done.StatusChanged: "status",
}
"""Effects whose first field is all there is to compare."""

OWN = (done.Registered, done.Lost)
"""Effects that only this client's shell is told."""


def shown(effect: done.Effect) -> Json:
    match effect:
        case done.Dial(url, delay):
            return {"dial": {"url": url, "delay": delay}}
        case done.Send(message_type, data):
            return {"send": {"message_type": message_type, "data": data}}
        case done.Answer(message_type, data):
            return {"answer": {"message_type": message_type, "data": data}}
    first = fields(effect)[0].name
    return {NAMES[type(effect)]: getattr(effect, first)}


def state(session: Session) -> Json:
    position = session.position
    return {
        **session.status._asdict(),
        "last_event_at": session.last_event_at,
        "position": None if position is None else as_resume(position),
        "tick_at": session.tick_at,
    }


def comparable(expected: Any, got: Any) -> Any:
    """Return *expected* with what it leaves open taken from *got*: any text for ``*``, numbers nearly equal."""
    if isinstance(expected, dict) and isinstance(got, dict):
        return {key: comparable(value, got.get(key)) for key, value in expected.items()}
    if isinstance(expected, list) and isinstance(got, list) and len(expected) == len(got):
        return [comparable(one, other) for one, other in zip(expected, got, strict=True)]
    if expected == "*" and isinstance(got, str):
        return got
    if isinstance(expected, int | float) and not isinstance(expected, bool):
        return pytest.approx(expected, abs=1e-9)
    return expected


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_the_core_follows_the_vector(vector: Json) -> None:
    options = dict(vector["options"])
    draws = iter(options.pop("random", []))
    if "position" in options:
        options["position"] = Position(**options["position"])
    session = Session(options.pop("urls"), random=lambda: next(draws), **options)
    for number, step in enumerate(vector["steps"]):
        ((name, argument),) = step["do"].items()
        got = [shown(effect) for effect in FACTS[name](session, argument, step["at"]) if not isinstance(effect, OWN)]
        where = f"step {number}, {step['do']}"
        assert got == comparable(step["expect"], got), where
        now = {key: value for key, value in state(session).items() if key in step.get("state", {})}
        assert now == comparable(step.get("state", {}), now), where
    assert not list(draws), "the vector holds more draws than the core made"


@pytest.mark.parametrize("case", MATCHING, ids=[case["about"] for case in MATCHING])
def test_an_event_finds_its_subscription(case: Json) -> None:
    assert matches(case["subscription"], case["event"]) is case["matches"]


@pytest.mark.parametrize("case", LOCAL_NAMES, ids=[case["about"] for case in LOCAL_NAMES])
def test_a_change_and_a_broadcast_have_their_local_names(case: Json) -> None:
    if "broadcast" in case:
        assert names_of_broadcast(case["broadcast"]) == tuple(case["names"])
    else:
        assert names_of_change(**case["change"]) == tuple(case["names"])
        assert all(brings_changes(name) for name in case["names"])
