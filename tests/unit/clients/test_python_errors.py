"""The Python client's errors: their texts, and the codes after which it stays away."""

from __future__ import annotations

import pytest
from wasla_client.errors import (
    ADVICE,
    ClientClosed,
    GaveUp,
    NoAnswer,
    NotConnected,
    QueueFull,
    Rejected,
    WaslaError,
)

from shared.close_codes import INSTRUCTIONS, may_reconnect

TEXTS = [
    (
        NotConnected(),
        "There is no link to a gateway now: try again when status.connected is true, or let a broadcast queue.",
    ),
    (QueueFull(100), "100 broadcasts wait for a link already: drop this one, or allow more with max_queued."),
    (NoAnswer("clients", 10.0), "No answer to clients came within 10 s: try again, or allow more time."),
    (
        Rejected("unknown_table", "No table nothing is watched.", "subscribe"),
        "subscribe was rejected (unknown_table): No table nothing is watched.",
    ),
    (
        GaveUp(4501),
        (
            "The gateway closed the link with 4501 (unauthorized). The token was refused: obtain a valid one. "
            "Then make a new client."
        ),
    ),
    (
        GaveUp(4999),
        "The gateway closed the link with 4999 (unknown). Ask the operator what has to change. Then make a new client.",
    ),
    (ClientClosed(), "This client is closed: use it inside its (async) with block."),
]


@pytest.mark.parametrize(("error", "text"), TEXTS, ids=[type(error).__name__ for error, _ in TEXTS])
def test_the_text_says_what_happened_and_what_to_do(error: WaslaError, text: str) -> None:
    assert str(error) == text
    assert isinstance(error, WaslaError)


def test_an_answer_that_is_late_is_a_timeout() -> None:
    assert isinstance(NoAnswer("clients", 1.0), TimeoutError)


def test_every_code_that_says_stay_away_is_explained_as_the_gateways_do() -> None:
    told = {int(code): (it.reason, it.advice) for code, it in INSTRUCTIONS.items() if not may_reconnect(code)}
    assert told == ADVICE
