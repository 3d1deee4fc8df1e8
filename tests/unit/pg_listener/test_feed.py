"""What goes out on the bus."""

from __future__ import annotations

from typing import Any

import pytest

from services.pg_listener.feed import UNKNOWN_CATALOG, Feed
from services.pg_listener.metrics import ListenerMetrics
from services.pg_listener.replay import RecentEvents
from shared.bus.messages import Batch, Beat, Published
from shared.catalog import Catalog, Table

SEQUENCED = 1_772_323_200.25


def row(seq: int) -> dict[str, Any]:
    return {
        "seq": seq,
        "tx_id": str(seq),
        "tx_index": 0,
        "tx_size": 1,
        "table_name": "bookings",
        "channel": "booking_events",
        "event_type": "INSERT",
        "row_id": str(seq),
        "data": "{}",
        "changed": None,
        "old": None,
        "business_event": None,
        "captured_at": SEQUENCED,
        "sequenced_at": SEQUENCED,
        "origin": None,
        "internal": False,
    }


@pytest.fixture
def published() -> list[Published]:
    return []


@pytest.fixture
def feed(published: list[Published]) -> Feed:
    return Feed(
        published.append,
        RecentEvents(max_events=100, max_bytes=100_000),
        ListenerMetrics(),
        listener="l1",
        row_max_bytes=1_000_000,
        now=5.0,
    )


def test_a_batch_names_its_place(feed: Feed, published: list[Published]) -> None:
    feed.begin_at("e1", 40)
    feed.publish([row(41), row(42)], now=7.5)
    (batch,) = published
    assert isinstance(batch, Batch)
    assert (batch.epoch, batch.after_seq, [event.seq for event in batch.events]) == ("e1", 40, [41, 42])
    assert (batch.sequenced_at, batch.published_at) == (SEQUENCED, 7.5)
    assert feed.recent.top_seq == 42


@pytest.mark.parametrize("seqs", [(42,), (40,), (41, 43)])
def test_a_hole_is_never_published(feed: Feed, published: list[Published], seqs: tuple[int, ...]) -> None:
    feed.begin_at("e1", 40)
    with pytest.raises(AssertionError):
        feed.publish([row(seq) for seq in seqs], now=7.5)
    assert not published


def test_a_beat_before_the_first_look_knows_nothing(feed: Feed, published: list[Published]) -> None:
    feed.beat(now=6.0)
    assert published == [Beat("l1", False, "", 0, False, 5.0, UNKNOWN_CATALOG, 6.0)]
    assert feed.state == "disconnected"


def test_a_beat_names_the_top_and_who_leads(feed: Feed, published: list[Published]) -> None:
    feed.begin_at("e1", 40)
    feed.database.connected(8.0)
    assert feed.state == "standby"
    feed.leading = True
    feed.beat(now=9.0)
    assert published == [Beat("l1", True, "e1", 40, True, 8.0, UNKNOWN_CATALOG, 9.0)]
    assert feed.state == "leader"


def test_the_catalogues_version_follows_its_content(feed: Feed) -> None:
    bookings = Table("booking_events", {"id": "string", "seats_booked": "number"})
    assert feed.watch(Catalog({"bookings": bookings}))
    version = feed.catalog_version
    assert not feed.watch(Catalog({"bookings": Table("booking_events", {"seats_booked": "number", "id": "string"})}))
    assert feed.catalog_version == version != UNKNOWN_CATALOG
    assert feed.watch(Catalog({"bookings": bookings, "day_passes": Table("day_passes_events", {})}))
    assert feed.catalog_version != version


def test_changes_of_the_epoch_are_counted_but_not_the_first_look(feed: Feed) -> None:
    metrics = feed._metrics
    feed.begin_at("e1", 40)
    assert metrics.epoch_changes._value.get() == 0
    feed.begin_at("e2", 40)
    assert metrics.epoch_changes._value.get() == 1
