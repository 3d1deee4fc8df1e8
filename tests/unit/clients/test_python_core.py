"""What the shared vectors do not tell of the Python client's core: its layers, and reading that is held."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest
import wasla_client
from wasla_client.effects import Close, Effect, Notice, Send
from wasla_client.messages import Malformed, decode, encode
from wasla_client.session import Session

SOURCES = Path(wasla_client.__file__).parent
CORE = [
    "wanted",
    "conversation",
    "backoff",
    "dialling",
    "effects",
    "errors",
    "events",
    "heartbeat",
    "interests",
    "matching",
    "messages",
    "names",
    "positions",
    "session",
]
IMPURE = {"asyncio", "websockets", "time", "os", "socket", "threading", "logging"}


@pytest.mark.parametrize("module", CORE)
def test_the_core_does_no_input_or_output(module: str) -> None:
    tree = ast.parse((SOURCES / f"{module}.py").read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    own = {name.removeprefix("wasla_client.") for name in names if name.startswith("wasla_client.")}
    assert not {name.split(".")[0] for name in names} & IMPURE
    assert own <= set(CORE)


def message(message_type: str, **data: Any) -> str:
    return json.dumps({"message_type": message_type, "data": data})


def registered(*, ping_interval: object = 10.0) -> Session:
    session = Session(["ws://a"], app_name="test", random=lambda: 0.5)
    session.connect(now=0.0)
    session.opened(now=0.0)
    session.received(message("registered", epoch="e1", seq=1, ping_interval=ping_interval), now=0.0)
    return session


def test_a_link_that_is_not_read_is_not_taken_for_dead() -> None:
    session = registered()
    session.hold(now=1.0)
    assert session.tick(now=500.0) == []
    session.release(now=501.0)
    assert kinds(session.tick(now=502.0)) == ["ping"]
    assert kinds(session.tick(now=512.0)) == ["ping"]
    assert Close(4004) in session.tick(now=521.0)


def kinds(effects: list[Effect]) -> list[str]:
    return [effect.message_type for effect in effects if isinstance(effect, Send)]


@pytest.mark.parametrize("interval", [None, 0, -1.0, True, "15", [], float("nan")])
def test_an_interval_that_is_none_is_the_usual_one(interval: object) -> None:
    assert registered(ping_interval=interval).tick_at == 15.0


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("nonsense", "Expected a JSON object, got 'nonsense'."),
        ("[" * 100_000, "Expected a JSON object, got "),
        ("5", "Expected an object with a message_type, got '5'."),
        ('{"message_type": "status", "data": []}', "Expected data to be an object, got "),
        ('{"message_type": "position", "data": {"seq": true, "epoch": ""}}', "Expected position with a usable seq"),
        ('{"message_type": "resync", "data": {"seq": 1, "epoch": 2}}', "Expected resync with a usable epoch"),
    ],
)
def test_what_is_no_message_is_told_in_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(Malformed) as caught:
        decode(text)
    assert str(caught.value).startswith(sentence)
    assert len(str(caught.value)) < 200
    assert Notice({"code": "malformed_message", "reason": str(caught.value)}) in registered().received(text, now=1.0)


def test_a_message_is_one_line_of_json_with_its_time() -> None:
    assert encode("ping", {"é": 1}, 0.0) == (
        '{"message_type":"ping","data":{"é":1},"timestamp":"1970-01-01T00:00:00.000Z"}'
    )
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode("ping", {"n": float("nan")}, 0.0)
