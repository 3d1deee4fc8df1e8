"""The messages' exact text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.protocol import encode, timestamp


@pytest.mark.parametrize(
    ("unix_seconds", "text"),
    [
        (0.0, "1970-01-01T00:00:00.000Z"),
        (1704067200.0, "2024-01-01T00:00:00.000Z"),
        (1704067200.1239, "2024-01-01T00:00:00.123Z"),
    ],
)
def test_timestamps_are_rfc_3339_in_utc_with_milliseconds(unix_seconds: float, text: str) -> None:
    assert timestamp(unix_seconds) == text


@given(st.floats(0, 4e9))
def test_timestamps_sort_like_the_moments_they_name(unix_seconds: float) -> None:
    assert timestamp(unix_seconds) <= timestamp(unix_seconds + 0.001)


def test_a_message_is_the_envelope_of_the_document() -> None:
    assert encode("pong", {"a": 1}, 0.0) == (
        b'{"message_type":"pong","data":{"a":1},"timestamp":"1970-01-01T00:00:00.000Z"}'
    )
