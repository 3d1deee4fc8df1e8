"""What is read of the processes' own metrics."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from services.monitor.figures import FigureBook, LineCounts, read_figures
from services.monitor.ledger import Entry, Presence
from shared.heartbeats import Heartbeat


def metrics(clients: int, deliveries: float, first: int = 0) -> bytes:
    """Return a gateway's metrics as its registry writes them."""
    registry = CollectorRegistry()
    Gauge("wasla_clients", "Clients.", registry=registry).set(clients)
    Gauge("wasla_lagging_clients", "Lagging.", registry=registry).set(1)
    Counter("wasla_deliveries", "Deliveries.", registry=registry).inc(deliveries)
    Histogram("wasla_hop_seconds", "Hops.", ["hop"], registry=registry).labels("x").observe(0.1)
    for name, value in (("first", first), ("duplicates", 2), ("missed", 3)):
        Counter(f"wasla_line_{name}", "Lines.", ["line"], registry=registry).labels('tcp://a:1/"').inc(value)
    return generate_latest(registry)


def entry(text: bytes, *, pid: int = 1, sent_at: float = 0.0) -> Entry:
    return Entry(Heartbeat("g", "gateway", pid, "box", "serving", True, sent_at, 0.0, text), 0.0)


def test_a_gateways_figures() -> None:
    figures = read_figures(metrics(7, 30, first=9), pid=1, sent_at=5.0)
    assert (figures.clients, figures.lagging, figures.deliveries) == (7, 1, 30.0)
    assert figures.lines == {'tcp://a:1/"': LineCounts(9, 2, 3)}


@pytest.mark.parametrize("text", [b"", b"wasla_clients many\n", b"wasla_clients{ 1\n", b"\xff\n", b"wasla_cl"])
def test_what_is_not_told_is_not_made_up(text: bytes) -> None:
    figures = read_figures(text, pid=1, sent_at=0.0)
    assert (figures.clients, figures.lagging, figures.deliveries, figures.lines) == (None, None, None, {})


def test_a_rate_is_taken_between_two_heartbeats_by_their_own_clock() -> None:
    book = FigureBook()
    book.read({"g": entry(metrics(1, 100), sent_at=10.0)})
    assert book.deliveries_rate() is None
    book.read({"g": entry(metrics(1, 150), sent_at=12.0)})
    assert book.deliveries_rate() == 25.0
    book.read({"g": entry(metrics(1, 150), sent_at=12.0)})
    assert book.deliveries_rate() == 25.0, "the same heartbeat looked at again is no news"


def test_a_process_that_starts_anew_has_no_rate_yet() -> None:
    book = FigureBook()
    book.read({"g": entry(metrics(1, 100), sent_at=10.0)})
    book.read({"g": entry(metrics(1, 3), pid=2, sent_at=11.0)})
    assert book.deliveries_rate() is None
    book.read({"g": entry(metrics(1, 5), pid=2, sent_at=12.0)})
    assert book.deliveries_rate() == 2.0


def test_the_gateways_of_a_machine_count_together() -> None:
    book = FigureBook()
    book.read({"g": entry(metrics(1, 0, first=4)), "h": entry(metrics(2, 0, first=5)), "l": entry(b"")})
    assert book.clients() == 3
    assert book.line('tcp://a:1/"') == LineCounts(9, 4, 6)
    assert book.line("tcp://b:1") is None


def test_who_is_lost_or_gone_does_not_count() -> None:
    book, lost = FigureBook(), entry(metrics(2, 0))
    book.read({"g": entry(metrics(1, 0)), "h": lost})
    lost.presence = Presence.LOST
    book.read({"g": entry(metrics(1, 0)), "h": lost})
    assert (book.clients(), book.of("h")) == (1, None)
    book.read({})
    assert (book.clients(), book.of("g"), book.deliveries_rate()) == (None, None, None)
