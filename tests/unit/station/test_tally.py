"""What was written against what arrived."""

from __future__ import annotations

from services.station.tally import Tally


def test_all_of_it_arrived() -> None:
    tally = Tally()
    tally.arrive("7", 1, 10.010)  # before the answer to the COMMIT
    tally.write("7", 2, 10.0)
    assert not tally.is_complete
    tally.arrive("7", 2, 10.030)
    assert tally.is_complete
    summary = tally.summary()
    assert (summary.transactions, summary.written, summary.received) == (1, 2, 2)
    assert (summary.missing, summary.repeated) == (0, 0)
    assert (summary.latency_p50, summary.latency_p99, summary.latency_max) == (10.0, 30.0, 30.0)


def test_what_is_missing_and_what_came_twice() -> None:
    tally = Tally()
    tally.write("7", 3, 0.0)
    tally.write("8", 1, 0.0)
    tally.arrive("7", 5, 0.1)
    tally.arrive("7", 5, 0.2)
    tally.arrive("7", 4, 0.3)
    summary = tally.summary()
    assert (summary.written, summary.received, summary.missing, summary.repeated) == (4, 1, 3, 2)


def test_others_do_not_count() -> None:
    tally = Tally()
    tally.arrive("99", 1, 0.0)
    assert tally.is_complete
    assert tally.summary().received == 0
    assert tally.summary().latency_p50 is None


def test_percentiles_name_a_measured_value() -> None:
    tally = Tally()
    for number in range(100):
        tally.write(str(number), 1, 0.0)
        tally.arrive(str(number), number + 1, (number + 1) / 1000)
    summary = tally.summary()
    assert (summary.latency_p50, summary.latency_p99, summary.latency_max) == (50.0, 99.0, 100.0)
