"""SIGHUP: what is read again, and that a mistake in it ends nothing."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest
import structlog
from structlog.testing import capture_logs

from services.lifecycle import on_hangup, reload_each
from shared.errors import ConfigurationError


async def test_a_hangup_reloads_and_a_mistake_is_only_told() -> None:
    calls = asyncio.Queue[int]()
    mistakes = iter([None, ConfigurationError("expected a key"), None])

    def reload() -> None:
        calls.put_nowait(1)
        mistake = next(mistakes)
        if mistake is not None:
            raise mistake

    structlog.reset_defaults()
    former = signal.getsignal(signal.SIGHUP)
    with capture_logs() as logs, on_hangup(reload):
        for _ in range(3):
            os.kill(os.getpid(), signal.SIGHUP)
            async with asyncio.timeout(60):
                await calls.get()
    assert [line["event"] for line in logs] == [
        "reloaded",
        "not all was reloaded, the rest stays as it was",
        "reloaded",
    ]
    assert logs[1]["reason"] == "expected a key"
    assert signal.getsignal(signal.SIGHUP) in (former, signal.SIG_DFL)


def test_what_is_wrong_with_one_file_keeps_no_other_from_being_read() -> None:
    read = []

    def broken(name: str) -> None:
        read.append(name)
        raise ConfigurationError(f"expected a {name}")

    with pytest.raises(ConfigurationError, match="expected a certificate; expected a policy"):
        reload_each(lambda: broken("certificate"), lambda: read.append("key"), lambda: broken("policy"))
    assert read == ["certificate", "key", "policy"]
    reload_each()
