"""Requests that are none: answered, and not a line of log each."""

from __future__ import annotations

import asyncio
import logging

import pytest
from aiohttp import web

from services.monitor.complaints import request_log
from services.monitor.observations import Observations
from services.monitor.service import observe
from services.monitor.settings import MonitorSettings
from services.monitor.web import serving

NONE = {
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "another version": b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
    "no request": b"\x16\x03\x01" + bytes(100) + b"\r\n\r\n",
    "a long line": b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
}


@pytest.fixture
def seen() -> Observations:
    return observe(MonitorSettings.load())


@pytest.mark.parametrize("request_bytes", NONE.values(), ids=NONE)
async def test_they_are_answered_and_not_logged(
    request_bytes: bytes, seen: Observations, free_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(seen, host="127.0.0.1", port=free_port):
        reader, writer = await asyncio.open_connection("127.0.0.1", free_port)
        writer.write(request_bytes)
        answer = await asyncio.wait_for(reader.read(), 60)
        writer.close()
        await writer.wait_closed()
    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.0 400 ", b"HTTP/1.1 414 "))
    assert caplog.records == []


async def test_an_error_of_ours_is_logged(free_port: int, caplog: pytest.LogCaptureFixture) -> None:
    async def fail(_request: web.Request) -> web.Response:
        raise ValueError("ours")

    app = web.Application()
    app.add_routes([web.get("/", fail)])
    runner = web.AppRunner(app, access_log=None, logger=request_log())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", free_port).start()
    reader, writer = await asyncio.open_connection("127.0.0.1", free_port)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert (await asyncio.wait_for(reader.read(), 60)).startswith(b"HTTP/1.1 500 ")
    writer.close()
    await writer.wait_closed()
    await runner.cleanup()
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
