"""The adapter of the JavaScript client: the real one, in a process of Node's that tells what it hears in JSON lines."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.contracts.clients.adapter import Message

ROOT = Path(__file__).resolve().parents[3]
NODE = Path(sys.executable).with_name("node")
PROGRAM = ROOT / "clients" / "javascript" / "tests" / "adapter.js"


class JavaScriptLink:
    """One process; what it tells waits in a queue of its kind until it is asked for."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._told: dict[str, asyncio.Queue[Any]] = {"event": asyncio.Queue(), "resync": asyncio.Queue()}
        self._told["gave_up"] = asyncio.Queue()
        self._reading = asyncio.create_task(self._read())

    async def event(self) -> Message:
        return await self._next("event")

    async def resync(self) -> Message:
        return await self._next("resync")

    async def gave_up(self) -> int:
        code: int = await self._next("gave_up")
        return code

    async def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()  # which it ends with
        async with asyncio.timeout(60.0):
            await self._process.wait()
            await self._reading

    async def _next(self, kind: str) -> Any:
        async with asyncio.timeout(60.0):
            return await self._told[kind].get()

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            told = json.loads(line)
            self._told[told["kind"]].put_nowait(told["value"])


class JavaScriptAdapter:
    """Starts a process for each client."""

    async def open(
        self, addresses: Sequence[str], *, subscribe: Sequence[Message] = (), hasty: bool = False
    ) -> JavaScriptLink:
        options = json.dumps({"urls": list(addresses), "subscribe": list(subscribe)})
        process = await asyncio.create_subprocess_exec(NODE, PROGRAM, options, stdin=PIPE, stdout=PIPE, limit=2**20)
        return JavaScriptLink(process)
