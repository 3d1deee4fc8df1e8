"""Runs the command line inside the test's process, beside whatever the test's own event loop serves."""

from __future__ import annotations

import asyncio

from typer.testing import CliRunner, Result

from services.cli.application import build


async def wasla(*words: str) -> Result:
    """Run one command in a thread, where it has an event loop of its own; nothing is a terminal there."""
    return await asyncio.to_thread(CliRunner().invoke, build(), list(words))
