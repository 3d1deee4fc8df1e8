"""What rights cost, counted: one encoding an event for everybody with the same lens, and nothing without a policy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from services.gateway import groups as groups_module
from services.gateway.access.admission import Admission, Entrance
from services.gateway.delivery import Delivery
from services.gateway.history import History
from services.gateway.rights import readings as readings_module
from services.gateway.rights.policy_file import parse
from services.gateway.rights.seeing import Glance, Vision
from services.gateway.rights.views import FULL_SIGHT, Lens, Sight, View
from services.gateway.ring import Ring
from services.gateway.subscriptions import EVERYTHING
from shared.catalog import Catalog, Table
from shared.positions import Position
from tests.unit.gateway.test_operation_counts import EPOCH, calls, entries

POLICY = parse("""
    [roles.cashier]
    tables.bookings = { hide = ["filler"] }
    [roles.porter]
    tables.bookings = { hide = ["filler"], where = { spot = { eq = "claims.spot" } } }
    [roles.clerk]
    tables.bookings = { where = { spot = { eq = "claims.spot" } } }
    [roles.guide]
    tables.bookings = { where = { spot = { in = "claims.spots" } } }
    [roles.usher]
    tables.bookings = { where = { spot = { gt = "claims.spot" } } }
    [roles.owner]
    tables.others = {}
    tables."*" = { where = { spot = { eq = "claims.spot" } } }
    [roles.stoker]
    tables.bookings = false
    tables."*" = { where = { spot = { eq = "claims.spot" } } }
""")


def view_of(role: str, **claims: Any) -> View:
    view = POLICY.rights(Admission("u", by=Entrance.TOKEN, claims={"role": role, **claims})).view
    assert view is not None
    return view


def delivery_of(*views: View | None) -> tuple[Delivery, list[list[bytes]]]:
    delivery = Delivery(Ring(max_events=1000, max_bytes=10**8), History(max_pages=2, page_events=10))
    delivery.reset(EPOCH, 0, "epoch_changed", 0.0)
    written: list[list[bytes]] = [[] for _ in views]
    for view, writes in zip(views, written, strict=True):
        delivery.join(writes.append, EVERYTHING, view)
    return delivery, written


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Note the events that are taken apart."""
    taken_apart: list[int] = []
    original = readings_module.Reading._read

    def noted(self: Any, message: Any) -> None:
        taken_apart.append(self.entry.seq)
        original(self, message)

    monkeypatch.setattr(readings_module.Reading, "_read", noted)
    return taken_apart


def test_clients_with_equal_rights_share_one_encoding(read: list[int]) -> None:
    views = [view_of("cashier", sub=f"user{number}") for number in range(200)]
    delivery, written = delivery_of(*views)
    delivery.deliver(entries(1, 1))
    assert len(delivery.groups) == 1
    assert delivery.groups.vision.encoded == 1
    assert read == [1]
    assert len({id(writes[0]) for writes in written}) == 1, "everybody is handed the same bytes"
    assert b"filler" not in written[0][0]


def test_clients_who_see_other_rows_by_the_same_lens_share_it_too(read: list[int]) -> None:
    views = [view_of("porter", spot=number % 50) for number in range(200)]
    delivery, written = delivery_of(*views)
    delivery.deliver(entries(1, 1, spot=7))
    assert len(delivery.groups) == 50
    assert delivery.groups.vision.encoded == 1
    assert read == [1]
    assert [bool(writes) for writes in written] == [number % 50 == 7 for number in range(200)]


@pytest.mark.parametrize(
    "claims",
    [
        lambda number: {"role": "clerk", "spot": number},
        lambda number: {"role": "guide", "spots": [number, -number - 1]},
        lambda number: {"role": "usher", "spot": number + 10},
        lambda number: {"role": "owner", "spot": number},
    ],
    ids=["by a value", "by a list", "by a range", "on any table"],
)
def test_views_that_do_not_see_the_row_cost_nothing(read: list[int], claims: Callable[[int], dict[str, Any]]) -> None:
    few, _ = delivery_of(*[view_of(**claims(number)) for number in range(10)])
    many, written = delivery_of(*[view_of(**claims(number)) for number in range(1000)])
    assert len(many.groups) == 1000
    batch = entries(1, 1, spot=5)
    assert calls(lambda: many.deliver(batch)) == calls(lambda: few.deliver(batch))
    assert read == [1, 1], "the row is read once for each event, whatever views there are"
    assert sum(len(writes) for writes in written) <= 1


def test_views_of_other_tables_cost_nothing(read: list[int]) -> None:
    few, _ = delivery_of(*[view_of("stoker", spot=number) for number in range(10)])
    many, _ = delivery_of(*[view_of("stoker", spot=number) for number in range(1000)])
    batch = entries(1, 1, spot=5)
    assert calls(lambda: many.deliver(batch)) == calls(lambda: few.deliver(batch))
    assert not read


def test_who_resumes_is_handed_what_was_made_for_who_was_live() -> None:
    delivery, _ = delivery_of(view_of("cashier"))
    delivery.deliver(entries(1, 5))
    for _ in range(20):
        delivery.resume(lambda _: None, EVERYTHING, Position(EPOCH, 0), view_of("cashier"), now=0.0, monotonic=0.0)
    delivery.serve(10_000)
    assert not delivery.lagging
    assert delivery.groups.vision.encoded == 5


def test_rows_that_are_seen_whole_are_not_encoded_anew() -> None:
    delivery, written = delivery_of(view_of("clerk", spot=1), view_of("clerk", spot=2))
    batch = entries(1, 1, spot=1)
    delivery.deliver(batch)
    assert delivery.groups.vision.encoded == 0
    assert written == [[batch[0].frame], []]
    assert written[0][0] is batch[0].frame


def test_without_views_nothing_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("nobody's view is bounded")

    for name in ("Glance", "Vision"):
        monkeypatch.setattr(f"{groups_module.__name__}.{name}", never, raising=True)
    monkeypatch.setattr(groups_module.Groups, "_match_views", never)
    monkeypatch.setattr(Vision, "see", never)
    monkeypatch.setattr(groups_module, "Vision", Vision)
    delivery, written = delivery_of(None, None)
    delivery.deliver(entries(1, 5))
    delivery.resume(written[0].append, EVERYTHING, Position(EPOCH, 2), now=0.0, monotonic=0.0)
    delivery.serve(100)
    assert [len(writes) for writes in written] == [2, 1]


def test_a_view_that_nobody_has_any_more_is_forgotten() -> None:
    delivery, _ = delivery_of()
    reader = delivery.join(lambda _: None, EVERYTHING, view_of("cashier"))
    delivery.leave(reader)
    delivery.deliver(entries(1, 1))
    assert (len(delivery.groups), delivery.groups.vision.encoded) == (0, 0)


def test_what_is_kept_is_bounded_and_of_one_epoch() -> None:
    vision = Vision(max_bytes=1000)
    view = view_of("cashier")
    batch = entries(1, 50)
    for entry in batch:
        assert vision.see(view, Glance(entry)) is not None
    assert vision._bytes <= 1000 == vision._max_bytes
    assert 0 < len(vision._kept) < 50
    before = vision.encoded
    vision.see(view, Glance(batch[-1]))
    assert vision.encoded == before
    vision.reset("another")
    vision.see(view, Glance(batch[-1]))
    assert vision.encoded == before + 1


def test_another_catalogue_may_know_other_keys() -> None:
    vision, view = Vision(), View(frozenset({("bookings", Sight(lens=Lens(hidden=frozenset({"filler"}))))}))
    (entry,) = entries(1, 1)
    first = vision.see(view, Glance(entry))
    assert first is not None
    assert b'"id":null' in first.frame, "the id could be the hidden column's value"
    vision.know(Catalog({"bookings": Table("booking_events", {}, key=("spot",))}))
    second = vision.see(view, Glance(entry))
    assert second is not None
    assert second is not first
    full = View(frozenset({("bookings", FULL_SIGHT)}))
    assert vision.see(full, Glance(entry)) is entry
