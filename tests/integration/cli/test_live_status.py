"""``wasla status`` on a terminal: refreshed in place, left by a key, and the terminal as it was before."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Callable

import pytest
from aiohttp.test_utils import TestServer

from services.monitor.observations import Observations
from services.monitor.service import observe
from services.monitor.settings import MonitorSettings
from services.monitor.web import make_app
from tests.integration.cli.terminals import Terminal, on_a_terminal

ALTERNATE_SCREEN, BACK = "\x1b[?1049h", "\x1b[?1049l"


@pytest.fixture
async def monitor(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Observations, TestServer]]:
    """A monitor that has measured a round trip, served at WASLA_STATUS_PORT."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    for variable in ("WASLA_PROBE_INTERVAL", "WASLA_PROBE_LATE_AFTER"):
        monkeypatch.setenv(variable, "3600")  # what was measured stays good for as long as the test takes
    seen = observe(MonitorSettings.load())
    now = time.monotonic()
    seen.round_trip.begin("n", now)
    seen.round_trip.arrive({}, sent_at=time.time(), received_at=time.time(), now=now)
    seen.database.found_up(time.time())
    seen.websocket.is_up = True
    async with TestServer(make_app(seen)) as server:
        monkeypatch.setenv("WASLA_STATUS_PORT", str(server.port))
        yield seen, server


async def story(tell: Callable[[Terminal], int], *words: str) -> tuple[Terminal, int]:
    """Let *tell* use a terminal in a thread, beside the server in this one; return what it says."""

    def run() -> tuple[Terminal, int]:
        with on_a_terminal("status", *words) as terminal:
            return terminal, tell(terminal)

    return await asyncio.to_thread(run)


async def test_it_refreshes_in_place_until_q(monitor: tuple[Observations, TestServer]) -> None:
    seen, _ = monitor

    def tell(terminal: Terminal) -> int:
        shown = terminal.shows("q or Ctrl-C ends this")
        assert not terminal.echoes
        shown = terminal.shows("throughput: 0.0 events/s", shown)
        seen.database.found_down("nobody there", time.time())
        terminal.shows("DB: down", shown)
        terminal.press("q")
        code = terminal.ends()
        assert terminal.echoes
        return code

    terminal, code = await story(tell, "--interval", "0.2")
    assert ALTERNATE_SCREEN in terminal.text
    left = terminal.text.split(BACK)[-1]
    assert "DB: down" in left, "what was seen last stays on the shell's screen"
    assert "q or Ctrl-C" not in left
    assert code == 1


@pytest.mark.parametrize("keys", ["q", "Q", "\x03"])
async def test_either_way_out_gives_the_code_of_the_last_look(
    monitor: tuple[Observations, TestServer], keys: str
) -> None:
    def tell(terminal: Terminal) -> int:
        terminal.shows("q or Ctrl-C ends this")
        terminal.press(keys)
        return terminal.ends()

    terminal, code = await story(tell)
    assert code == 0, terminal.text
    assert "Traceback" not in terminal.text


async def test_a_monitor_that_goes_away_is_said_and_waited_for(monitor: tuple[Observations, TestServer]) -> None:
    seen, server = monitor
    port = server.port
    loop = asyncio.get_running_loop()

    def tell(terminal: Terminal) -> int:
        terminal.shows("q or Ctrl-C ends this")
        asyncio.run_coroutine_threadsafe(server.close(), loop).result(60)
        shown = terminal.shows("no monitor answers at")
        terminal.shows("what was seen last:", shown)
        back = TestServer(make_app(seen), port=port)
        asyncio.run_coroutine_threadsafe(back.start_server(), loop).result(60)
        terminal.shows("throughput: 0.0", len(terminal.text))
        terminal.press("q")
        code = terminal.ends()
        asyncio.run_coroutine_threadsafe(back.close(), loop).result(60)
        return code

    terminal, code = await story(tell, "--interval", "0.2")
    assert code == 0, terminal.text


async def test_the_end_of_the_process_leaves_the_terminal_as_it_was(
    monitor: tuple[Observations, TestServer],
) -> None:
    def tell(terminal: Terminal) -> int:
        terminal.shows("q or Ctrl-C ends this")
        terminal.process.send_signal(signal.SIGTERM)
        code = terminal.ends()
        assert terminal.echoes
        return code

    terminal, code = await story(tell)
    assert terminal.text.rstrip().count(BACK) == 1
    assert code == 128 + signal.SIGTERM


@pytest.mark.parametrize("word", ["--once", "--json"])
async def test_once_is_once(monitor: tuple[Observations, TestServer], word: str) -> None:
    terminal, code = await story(Terminal.ends, word)
    assert code == 0
    assert ALTERNATE_SCREEN not in terminal.text
    assert ('"ready":true' in terminal.text) is (word == "--json")


async def test_without_a_monitor_there_is_nothing_to_wait_for() -> None:
    terminal, code = await story(Terminal.ends)
    assert code == 3
    assert "no monitor answers at" in terminal.text
