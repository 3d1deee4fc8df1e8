"""A supervisord that is not there, hangs or refuses is one sentence, in time."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from services.monitor import supervisor
from services.monitor.supervisor import Supervisor, SupervisorUnavailable
from shared.errors import ConfigurationError

FAULT = b"""<?xml version="1.0"?><methodResponse><fault><value><struct>
<member><name>faultCode</name><value><int>6</int></value></member>
<member><name>faultString</name><value><string>SHUTDOWN_STATE</string></value></member>
</struct></value></fault></methodResponse>"""


@asynccontextmanager
async def listening(answer: bytes | None) -> AsyncIterator[str]:
    """Answer every request with these bytes, or never; yield the URL."""
    silence = asyncio.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"</methodCall>")
        if answer is None:
            await silence.wait()
        else:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(answer) + answer)
        writer.close()

    with tempfile.TemporaryDirectory(prefix="wasla-") as directory:
        path = Path(directory) / "rpc.sock"
        async with await asyncio.start_unix_server(handle, path):
            yield f"unix://{path}"
            silence.set()


async def test_nobody_listens() -> None:
    async with Supervisor("unix:///nowhere/rpc.sock") as absent:
        with pytest.raises(SupervisorUnavailable, match=r"did not answer supervisor\.getAllProcessInfo"):
            await absent.programs()


async def test_it_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "CALL_TIMEOUT", 0.2)
    async with listening(None) as url, Supervisor(url) as hung:
        with pytest.raises(SupervisorUnavailable, match="did not answer"):
            await hung.programs()


async def test_it_shuts_down() -> None:
    async with listening(FAULT) as url, Supervisor(url) as ending:
        with pytest.raises(SupervisorUnavailable, match=r"refused supervisor\.signalProcess: SHUTDOWN_STATE"):
            await ending.kill("gateway:gateway-00")


async def test_leaving_hangs_up_on_no_answer() -> None:
    """A supervisord whose answer nobody takes any more says so in its log, each time everything is ended."""
    asked, may_answer, heard = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"</methodCall>")
        asked.set()
        await may_answer.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(FAULT))
        if not reader.at_eof():
            heard.set()
        writer.write(FAULT)
        writer.close()

    async def ask(url: str) -> None:
        async with Supervisor(url) as ending:
            await ending.programs()

    with tempfile.TemporaryDirectory(prefix="wasla-") as directory:
        path = Path(directory) / "rpc.sock"
        async with await asyncio.start_unix_server(handle, path):
            asking = asyncio.create_task(ask(f"unix://{path}"))
            await asked.wait()
            asking.cancel()
            for _ in range(10):  # turns in which a connection that is given up is ended
                await asyncio.sleep(0)
            assert not asking.done()
            may_answer.set()
            await asyncio.wait([asking])
    assert asking.cancelled()
    assert heard.is_set()


async def test_it_answers_nonsense() -> None:
    async with listening(b"<methodResponse>") as url, Supervisor(url) as broken:
        with pytest.raises(SupervisorUnavailable, match="did not answer"):
            await broken.programs()


def test_an_address_of_another_kind() -> None:
    with pytest.raises(ConfigurationError, match="SUPERVISOR_SERVER_URL: expected unix:///path"):
        Supervisor("ftp://supervisor")
