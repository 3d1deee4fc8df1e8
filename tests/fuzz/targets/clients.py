"""Both clients, hearing what no gateway should say: each of them says so to its application, and goes on."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from wasla_client import events as handed
from wasla_client.client import Client
from wasla_client.driver import Opening
from wasla_client.effects import Answer, Effect, Notice
from wasla_client.session import Session

from tests.fuzz import valid
from tests.fuzz.chance import Chance
from tests.fuzz.target import Broken, Input, Subject, Target

_ROOT: Final = Path(__file__).resolve().parents[3]
_SUBSCRIPTION: Final = {"id": "s", "tables": ["bookings"], "where": {"seats_booked": {"gte": 1}, "id": {"in": ["b"]}}}


def make(chance: Chance) -> Input:
    """Return texts: mostly a link that is registered rightly and goes wrong then."""
    texts = [valid.json_text(chance, valid.FROM_GATEWAY) for _ in range(chance.few())]
    if chance.happens(0.8):
        texts.insert(0, json.dumps(valid.REGISTERED).encode())
    return texts


class PythonClient:
    """A client without a driver: its session, streams and listeners."""

    async def feed(self, given: Input) -> str:
        session = Session(["ws://a:1", "ws://b:2"], app_name="fuzz", random=lambda: 0.5)
        client = Client(session, Opening(), max_waiting=10, max_queued=5)
        told: list[Any] = []
        for name in ("status", "resync", "custom_event", "notice", "gave_up"):
            client.on(name, told.append)  # type: ignore[call-overload]
        stream = client._reception.audience.open(dict(_SUBSCRIPTION))
        session.subscribe(_SUBSCRIPTION, now=0.0)
        session.connect(now=0.0)
        client._reception.take(session.opened(now=0.0), before=None, size=0)
        said = [self._hear(session, client, text) for text in given]
        stream.end(RuntimeError("over"))
        return said[-1] if said else "nothing"

    def _hear(self, session: Session, client: Client, text: bytes) -> str:
        effects: list[Effect] = session.received(text.decode("utf-8", "replace"), now=1.0)
        client._reception.take(effects, before=session.position, size=len(text))
        for effect in effects:
            if isinstance(effect, Answer) and effect.message_type == "clients":
                handed.roster(effect.data)
        _ = session.tick_at, client.position
        notices = [effect for effect in effects if isinstance(effect, Notice)]
        return (
            f"notice {notices[0].data.get('code')!r:.30}"
            if notices
            else type(effects[0]).__name__
            if effects
            else "nothing"
        )

    def held(self) -> int:
        return len(asyncio.all_tasks())


@asynccontextmanager
async def _python() -> AsyncIterator[Subject]:
    logger = logging.getLogger("wasla_client")
    was, logger.disabled = logger.disabled, True
    try:
        yield PythonClient()
    finally:
        logger.disabled = was


class JavaScriptClient:
    """The JavaScript client's core in a process of its own, one line for each input."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def feed(self, given: Input) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        texts = [text.decode("utf-8", "replace") for text in given]
        self._process.stdin.write(json.dumps(texts).encode() + b"\n")
        line = await self._process.stdout.readline()
        if not line:
            raise Broken("the process has ended")
        said = json.loads(line)
        if "error" in said:
            raise Broken(said["error"])
        return str(said["outcome"])

    def held(self) -> int:
        return 0


@asynccontextmanager
async def _javascript() -> AsyncIterator[Subject]:
    process = await asyncio.create_subprocess_exec(
        _ROOT / ".venv" / "bin" / "node",
        _ROOT / "tests" / "fuzz" / "hear.js",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 20,
    )
    try:
        yield JavaScriptClient(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        process._transport.close()  # type: ignore[attr-defined] - or the pipes are closed by whoever collects them


PYTHON: Final = Target("Python client", "what a gateway sends, as the Python client hears it", make, _python)
JAVASCRIPT: Final = Target(
    "JavaScript client", "what a gateway sends, as the JavaScript client hears it, in Node", make, _javascript, 0.5
)
