"""The gateways' own figures out of the monitor's metrics, and what passes a second."""

from __future__ import annotations

import pytest

from services.cli.gateways import Gateway, read_gateways
from services.cli.throughput import Rates, Throughput

METRICS = b"""\
# HELP wasla_clients Registered clients
# TYPE wasla_clients gauge
wasla_clients{machine="m",process="gateway:gateway-01"} 0.0
wasla_clients{machine="m",process="gateway:gateway-00"} 3.0
# HELP wasla_deliveries_total Events written to clients
# TYPE wasla_deliveries_total counter
wasla_deliveries_total{machine="m",process="gateway:gateway-00"} 12.0
# HELP wasla_events_behind Events known to exist that have not arrived
# TYPE wasla_events_behind gauge
wasla_events_behind{machine="m",process="gateway:gateway-00"} 2.0
# HELP wasla_lagging_clients Clients that are not caught up
# TYPE wasla_lagging_clients gauge
wasla_lagging_clients{machine="m",process="gateway:gateway-00"} 1.0
# HELP wasla_seq Seq of the newest event delivered
# TYPE wasla_seq gauge
wasla_seq{machine="m",process="gateway:gateway-00"} 40.0
# HELP process_open_fds Number of open file descriptors.
# TYPE process_open_fds gauge
process_open_fds{machine="m",process="monitor:monitor"} 9.0
"""


def test_every_gateway_is_read_by_name() -> None:
    assert read_gateways(METRICS) == [
        Gateway("gateway:gateway-00", "m", clients=3, lagging=1, behind=2, seq=40, deliveries=12),
        Gateway("gateway:gateway-01", "m"),
    ]


def test_no_metrics_are_no_gateways() -> None:
    assert read_gateways(b"") == []


@pytest.mark.parametrize("text", [b"<html>", b"\xff"])
def test_what_is_no_metrics_is_an_error(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_gateways(text)


def gateway(name: str, deliveries: int) -> Gateway:
    return Gateway(name, "m", deliveries=deliveries)


def test_rates_need_two_looks() -> None:
    throughput = Throughput()
    assert throughput.look(100, [gateway("a", 10)], 5.0) == Rates()
    assert throughput.look(110, [gateway("a", 30)], 7.0) == Rates(5.0, 10.0)


def test_a_gateway_that_was_replaced_and_an_epoch_that_began_take_nothing_away() -> None:
    throughput = Throughput()
    throughput.look(100, [gateway("a", 1000), gateway("b", 5)], 0.0)
    assert throughput.look(3, [gateway("a", 4), gateway("b", 15)], 1.0) == Rates(0.0, 10.0)
