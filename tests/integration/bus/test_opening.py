"""Which bus the settings open, and what is said where NATS is named and its client is not installed."""

from __future__ import annotations

import subprocess
import sys

from shared.bus.jetstream.subscriber import NatsSubscriber
from shared.bus.opening import open_subscriber
from shared.bus.settings import BusSettings
from shared.bus.zeromq import ZmqSubscriber

WITHOUT = """
import sys
sys.modules["nats"] = sys.modules["nkeys"] = None
from shared.bus.opening import open_subscriber
from shared.bus.settings import BusSettings
from shared.errors import ConfigurationError
try:
    open_subscriber(BusSettings(bus="nats://127.0.0.1:4222"), identity=b"g", high_water_mark=1)
except ConfigurationError as error:
    print(error)
"""


def test_without_the_client_of_nats_one_sentence_says_what_to_do() -> None:
    """And nothing else misses it: the module is imported all the same."""
    told = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=True).stdout
    assert told == (
        "expected the client library of NATS, because WASLA_BUS names a NATS server, found none; install "
        "'nats-py[nkeys]' into .venv, by .venv/bin/pip install or uv pip install --python .venv/bin/python\n"
    )


async def test_gateways_read_the_engine_that_is_named_first() -> None:
    for bus, kind in [
        ("zmq", ZmqSubscriber),
        ("zmq,nats://127.0.0.1:1", ZmqSubscriber),
        ("nats://127.0.0.1:1,zmq", NatsSubscriber),
    ]:
        end = open_subscriber(BusSettings(bus=bus), identity=b"g", high_water_mark=1)
        assert type(end) is kind
        await end.close()
