"""What WASLA_BUS means."""

from __future__ import annotations

import pytest

from shared.bus.choice import parse_choice
from shared.errors import ConfigurationError


@pytest.mark.parametrize(
    ("text", "names", "servers"),
    [
        ("zmq", ("zmq",), ()),
        ("nats://127.0.0.1:4222", ("nats",), ("nats://127.0.0.1:4222",)),
        (
            "tls://a.example:4222, tls://b.example:4333",
            ("nats",),
            ("tls://a.example:4222", "tls://b.example:4333"),
        ),
        ("zmq,nats://localhost", ("zmq", "nats"), ("nats://localhost:4222",)),
        ("nats://[::1]:4222,zmq", ("nats", "zmq"), ("nats://[::1]:4222",)),
    ],
)
def test_engines_are_named_in_the_order_they_are_read(text: str, names: object, servers: object) -> None:
    choice = parse_choice(text)
    assert (choice.names, choice.servers) == (names, servers)


@pytest.mark.parametrize(
    "text", ["", "rabbit", "nats://", "http://127.0.0.1:4222", "nats://127.0.0.1:99999", "nats://127.0.0.1/x"]
)
def test_anything_else_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(ConfigurationError, match="WASLA_BUS: expected zmq, or NATS servers"):
        parse_choice(text)


def test_whole_rows_do_not_leave_this_machine_in_the_clear() -> None:
    with pytest.raises(ConfigurationError, match=r"write tls://10\.0\.0\.5:4222"):
        parse_choice("nats://10.0.0.5:4222")


def test_secrets_are_not_written_where_settings_are_shown() -> None:
    with pytest.raises(ConfigurationError, match="WASLA_BUS_CREDENTIALS") as refused:
        parse_choice("tls://user:hidden@nats.example:4222")
    assert "hidden" not in str(refused.value)
