"""Which error ends with which code."""

from __future__ import annotations

import pytest

from services.cli.errors import PeerUnreachable, StreamRefused
from services.cli.exits import MEANINGS, Exit, exit_code
from shared.errors import BusError, ConfigurationError, DatabaseRefused, DatabaseUnreachable, WaslaError


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigurationError, Exit.CONFIGURATION),
        (DatabaseUnreachable, Exit.UNREACHABLE),
        (PeerUnreachable, Exit.UNREACHABLE),
        (DatabaseRefused, Exit.FAILED),
        (StreamRefused, Exit.FAILED),
        (BusError, Exit.FAILED),
        (WaslaError, Exit.FAILED),
    ],
)
def test_codes(error: type[WaslaError], code: Exit) -> None:
    assert exit_code(error("sentence")) is code


def test_every_code_is_explained() -> None:
    assert set(MEANINGS) == set(Exit)
