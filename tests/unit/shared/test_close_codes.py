"""Close codes are instructions: every one has its sentence, and its range says whether to reconnect."""

from __future__ import annotations

import pytest

from shared.close_codes import INSTRUCTIONS, CloseCode, may_reconnect


@pytest.mark.parametrize("code", list(CloseCode))
def test_every_code_has_a_slug_and_a_sentence(code: CloseCode) -> None:
    instruction = INSTRUCTIONS[code]
    assert instruction.reason == instruction.reason.lower()
    assert instruction.advice.endswith(".")
    assert len(instruction.reason.encode()) <= 123, (
        "a close frame's reason has at most 123 bytes (RFC 6455 section 5.5)"
    )


@pytest.mark.parametrize("code", list(CloseCode))
def test_the_range_says_whether_to_reconnect(code: CloseCode) -> None:
    assert may_reconnect(code) is ("reconnect" in INSTRUCTIONS[code].advice or code == CloseCode.MESSAGE_TOO_BIG)
