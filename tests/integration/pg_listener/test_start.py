"""Starting beside a database that is starting, too: waited for without alarm, and with one when it takes long."""

from __future__ import annotations

from pathlib import Path

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from services.pg_listener import database_status
from shared.database import url_file
from tests.integration.pg_listener.bench import Bench, Reader


def told(logs: list[EventDict], level: str) -> list[str]:
    return [entry["event"] for entry in logs if entry["log_level"] == level]


async def until_told(reader: Reader, logs: list[EventDict], level: str, event: str) -> None:
    await reader.until(lambda: event in told(logs, level))  # looked at with every beat


async def test_a_fresh_start_says_nothing_alarming(
    bench: Bench, station_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_status, "START_PATIENCE", 3600.0)
    with capture_logs() as logs:
        listener, line = await bench.listener("", database_url=None, data_dir=tmp_path)
        reader = await bench.reader(line)
        await until_told(reader, logs, "info", "waiting for the database")
        url_file(tmp_path).parent.mkdir()
        url_file(tmp_path).write_text(station_database_url, encoding="utf-8")
        await reader.until_leading()
        await reader.until(lambda: bool(reader.beats[line].epoch) and listener.signals.audible)
        assert told(logs, "warning") == told(logs, "error") == []
    assert "epoch set" in told(logs, "info")


async def test_a_database_that_does_not_come_is_told_of(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_status, "START_PATIENCE", 0.5)
    with capture_logs() as logs:
        _, line = await bench.listener("", database_url=None, data_dir=tmp_path)
        reader = await bench.reader(line)
        await until_told(reader, logs, "warning", "database down")
        await until_told(reader, logs, "warning", "notifications are not heard, polling instead")
