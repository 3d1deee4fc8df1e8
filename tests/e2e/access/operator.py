"""The command line beside a running fleet."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import NamedTuple

from tests.e2e.fleet import Fleet
from tests.supervised import DEADLINE


class Answer(NamedTuple):
    code: int
    output: str


async def wasla(fleet: Fleet, *words: str) -> Answer:
    """Run one command in the fleet's directory, by its variables."""
    return await _run(fleet, "wasla", *words)


async def supervisorctl(fleet: Fleet, *words: str) -> Answer:
    """Run supervisorctl against the fleet's supervisord."""
    return await _run(fleet, "supervisorctl", "-c", "supervisord.conf", *words)


async def _run(fleet: Fleet, program: str, *words: str) -> Answer:
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name(program),
        *words,
        cwd=fleet.directory,
        env=fleet.environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(DEADLINE):
        output, _ = await process.communicate()
    assert process.returncode is not None
    return Answer(process.returncode, output.decode())
