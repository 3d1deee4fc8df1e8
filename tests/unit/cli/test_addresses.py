"""Where processes are reached from this machine."""

from __future__ import annotations

import pytest

from services.cli.addresses import authority


@pytest.mark.parametrize(
    ("host", "reached"),
    [
        ("127.0.0.1", "127.0.0.1:8766"),
        ("0.0.0.0", "127.0.0.1:8766"),
        ("", "127.0.0.1:8766"),
        ("::", "[::1]:8766"),
        ("::1", "[::1]:8766"),
        ("10.0.0.7", "10.0.0.7:8766"),
        ("localhost", "localhost:8766"),
    ],
)
def test_a_wildcard_is_reached_over_loopback(host: str, reached: str) -> None:
    assert authority(host, 8766) == reached
