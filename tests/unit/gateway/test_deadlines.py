"""What happens to a connection when its time has come, by the sweep's clock."""

from __future__ import annotations

from typing import Any, cast

import pytest

from services.gateway.connection import Connection, Phase
from services.gateway.deadlines import end_what_is_overdue
from services.gateway.settings import GatewaySettings
from shared.close_codes import CloseCode

SETTINGS = GatewaySettings(ping_interval=10, ping_timeout=20, stalled_timeout=100)


class Looked:
    """The part of a connection that the sweep looks at, and what it did to it."""

    def __init__(self, **fields: Any) -> None:
        self.phase = Phase.OPEN
        self.registered = True
        self.is_kept_waiting = False
        self.deadline = 50.0
        self.last_seen = 0.0
        self.paused_at: float | None = None
        self.pinged_at: float | None = None
        self.done: list[object] = []
        self.__dict__.update(fields)

    def refuse_handshake(self) -> None:
        self.done.append("refused")

    def abort(self) -> None:
        self.done.append("aborted")

    def ping(self) -> None:
        self.done.append("pinged")

    def close(self, code: CloseCode) -> None:
        self.done.append(code)


@pytest.mark.parametrize(
    ("fields", "before", "at", "done"),
    [
        ({"phase": Phase.HANDSHAKE}, 49.9, 50, "refused"),
        ({"phase": Phase.CLOSING}, 49.9, 50, "aborted"),
        ({"registered": False}, 49.9, 50, CloseCode.REGISTER_TIMEOUT),
        ({}, 9.9, 10, "pinged"),
        ({"pinged_at": 15.0}, 34.9, 35, CloseCode.PING_TIMEOUT),
        ({"paused_at": 5.0}, 104.9, 105, CloseCode.TOO_SLOW),
        ({"paused_at": 5.0, "pinged_at": 0.0}, 104.9, 105, CloseCode.TOO_SLOW),
    ],
)
def test_every_deadline(fields: dict[str, Any], before: float, at: float, done: object) -> None:
    looked = Looked(**fields)
    end_what_is_overdue(cast("Connection", looked), SETTINGS, before)
    assert looked.done == []
    end_what_is_overdue(cast("Connection", looked), SETTINGS, at)
    assert looked.done == [done]


def test_a_gateway_that_was_held_pings_before_it_closes() -> None:
    looked = Looked()
    end_what_is_overdue(cast("Connection", looked), SETTINGS, 10_000.0)
    assert looked.done == ["pinged"]


@pytest.mark.parametrize("fields", [{"phase": Phase.HANDSHAKE}, {"registered": False}])
def test_who_waits_for_a_turn_is_not_the_late_one(fields: dict[str, Any]) -> None:
    looked = Looked(is_kept_waiting=True, **fields)
    end_what_is_overdue(cast("Connection", looked), SETTINGS, 10_000.0)
    assert looked.done == []
