"""What the gateway does for each event and for each delivery, counted: a regression shows on any machine, at any speed.

An event is framed once, and its JSON is read at most once, however many clients there are. A delivery is one call that
hands the same bytes to one transport. What follows the number of clients, or of filters, follows it here to the unit.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

import pytest

from services.gateway import delivery as delivery_module
from services.gateway import entries as entries_module
from services.gateway.chunks import CHUNK_BYTES
from services.gateway.conditions import Condition
from services.gateway.delivery import Delivery
from services.gateway.entries import Entry, enter
from services.gateway.history import History
from services.gateway.ring import Ring
from services.gateway.subscriptions import EVERYTHING, Interest, Subscription
from shared.events import Event

EPOCH = "e"


def event(seq: int, spot: int = 0, size: int = 200) -> Event:
    row = f'{{"spot":{spot},"filler":"{"x" * size}"}}'
    message = f'{{"message_type":"realtime_event","data":{{"event_type":"INSERT","data":{row},"seq":{seq}}}}}'
    return Event(seq, "INSERT", "bookings", "booking_events", None, 0.0, message.encode())


def entries(first: int, count: int, spot: int = 0, size: int = 200) -> list[Entry]:
    return [enter(event(first + index, spot, size), epoch=EPOCH, received_at=0.0) for index in range(count)]


def crowd(interests: Sequence[Interest]) -> tuple[Delivery, list[list[bytes]]]:
    """Return a delivery with a live reader for each interest, and what each was written."""
    delivery = Delivery(Ring(max_events=1000, max_bytes=10**8), History(max_pages=2, page_events=10))
    delivery.reset(EPOCH, 0, "epoch_changed", 0.0)
    written: list[list[bytes]] = [[] for _ in interests]
    for interest, writes in zip(interests, written, strict=True):
        delivery.join(writes.append, interest)
    return delivery, written


def wants_spot(*values: int) -> Interest:
    conditions = frozenset({Condition("spot", "eq", "number", value) for value in values})
    return frozenset({Subscription(tables=frozenset({"bookings"}), where=conditions)})


def wants(tests: dict[str, int]) -> Interest:
    conditions = frozenset({Condition("spot", operator, "number", operand) for operator, operand in tests.items()})
    return frozenset({Subscription(tables=frozenset({"bookings"}), where=conditions)})


def calls(work: Callable[[], object]) -> int:
    """Return how many functions *work* called, Python's and C's."""
    count = 0

    def note(_frame: FrameType, kind: str, _argument: object) -> None:
        nonlocal count
        count += kind in ("call", "c_call")

    gc.disable()  # a finalizer that happens to run would count
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
        gc.enable()
    return count


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Count frames made, messages encoded and rows decoded."""
    counts: dict[str, int] = {}

    def counted(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            counts[name] = counts.get(name, 0) + 1
            return function(*arguments, **named)

        return call

    class Changes:
        decode = staticmethod(counted("rows", entries_module._changes.decode))

    for module in (entries_module, delivery_module):
        monkeypatch.setattr(module, "text_frame", counted("frames", module.text_frame))
        monkeypatch.setattr(module, "encode", counted("messages", module.encode))
    monkeypatch.setattr(entries_module, "_changes", Changes)
    return counts


def test_an_event_is_framed_once_and_neither_encoded_nor_read(made: dict[str, int]) -> None:
    delivery, written = crowd([EVERYTHING] * 500)
    delivery.deliver(entries(1, 1))
    assert made == {"frames": 1}
    assert all(len(writes) == 1 for writes in written)
    assert len({id(writes[0]) for writes in written}) == 1, "everybody is handed the same bytes"


def test_a_batch_is_joined_once_and_written_once_to_each(made: dict[str, int]) -> None:
    delivery, written = crowd([EVERYTHING] * 500)
    batch = entries(1, 20)
    assert sum(len(entry.frame) for entry in batch) < CHUNK_BYTES
    delivery.deliver(batch)
    assert made == {"frames": 20}
    assert all(len(writes) == 1 for writes in written)
    assert len({id(writes[0]) for writes in written}) == 1


def test_a_long_batch_takes_no_more_writes_than_its_bytes_do() -> None:
    delivery, written = crowd([EVERYTHING] * 3)
    batch = entries(1, 400)
    delivery.deliver(batch)
    least = -(-sum(len(entry.frame) for entry in batch) // CHUNK_BYTES)
    assert all(least <= len(writes) <= least + 1 for writes in written)


@pytest.mark.parametrize("batch", [1, 20], ids=["one event", "a batch"])
def test_a_delivery_is_one_call(batch: int) -> None:
    few, _ = crowd([EVERYTHING] * 100)
    many, _ = crowd([EVERYTHING] * 1100)
    made = entries(1, batch)
    assert calls(lambda: many.deliver(made)) - calls(lambda: few.deliver(made)) == 1000


def test_an_event_takes_a_bounded_number_of_calls() -> None:
    """Framing and matching, beside the writes; the bound leaves room for another Python, not for another loop."""
    delivery, _ = crowd([EVERYTHING] * 100)
    came = event(1)
    count = calls(lambda: delivery.deliver([enter(came, epoch=EPOCH, received_at=0.0)]))
    assert count - 100 <= 60


def test_filters_that_do_not_match_cost_nothing(made: dict[str, int]) -> None:
    few, written_few = crowd([wants_spot(value) for value in range(10)])
    many, written_many = crowd([wants_spot(value) for value in range(5000)])
    batch = entries(1, 5, spot=3)
    made.clear()
    assert calls(lambda: many.deliver(batch)) == calls(lambda: few.deliver(batch))
    assert made == {"rows": 10}, "a row is read once for each event, whatever filters there are"
    assert [len(writes) for writes in (*written_few, *written_many)].count(1) == 2


def test_filters_on_other_tables_do_not_read_the_row(made: dict[str, int]) -> None:
    others = Subscription(tables=frozenset({"others"}), where=frozenset({Condition("spot", "eq", "number", 1)}))
    delivery, _ = crowd([EVERYTHING, frozenset({others})])
    delivery.deliver(entries(1, 5))
    assert made == {"frames": 5}


@pytest.mark.parametrize(
    "tests",
    [
        lambda number: {"gte": 1 + abs(number)},
        lambda number: {"lt": -abs(number)},
        lambda number: {"gt": 4 * number + 1, "lt": 4 * number + 3},
    ],
    ids=["from", "up to", "windows"],
)
def test_ranges_that_do_not_match_cost_nothing(made: dict[str, int], tests: Callable[[int], dict[str, int]]) -> None:
    """The ranges stand on both sides of the row's value, and none of them holds it."""
    few, _ = crowd([wants(tests(number)) for number in range(-5, 5)])
    many, written = crowd([wants(tests(number)) for number in range(-500, 500)])
    batch = entries(1, 1, spot=0)
    made.clear()
    assert calls(lambda: many.deliver(batch)) == calls(lambda: few.deliver(batch))
    assert made == {"rows": 2}, "a row is read once for each event, whatever ranges there are"
    assert not any(written)


def test_ranges_that_match_are_asked_once_each() -> None:
    def cost(ranges: int) -> int:
        delivery, _ = crowd([wants({"gte": -value}) for value in range(ranges)])
        return calls(lambda: delivery.deliver(entries(1, 1, spot=0)))

    once, twice, thrice = cost(100), cost(200), cost(300)
    assert twice - once == thrice - twice, "it follows the number that match, and nothing more"
    assert (twice - once) / 100 <= 32, "calls for each, the write and what joins its bytes included"


def test_clients_with_one_interest_are_matched_as_one() -> None:
    few, _ = crowd([wants_spot(1)] * 10)
    many, _ = crowd([wants_spot(1)] * 1000)
    batch = entries(1, 1, spot=2)
    assert calls(lambda: many.deliver(batch)) == calls(lambda: few.deliver(batch))


def test_a_position_is_encoded_once_for_everybody(made: dict[str, int]) -> None:
    delivery, written = crowd([wants_spot(value % 50) for value in range(500)])
    delivery.deliver(entries(1, 1, spot=99))
    made.clear()
    delivery.tell_positions(0.0)
    assert made == {"messages": 1, "frames": 1}
    assert len({id(writes[0]) for writes in written}) == 1


def test_a_paused_client_costs_nothing() -> None:
    def cost(paused: int) -> int:
        delivery, _ = crowd([EVERYTHING])
        for _ in range(paused):
            delivery.pause(delivery.join(lambda _: None, EVERYTHING))
        batch = entries(1, 1)
        return calls(lambda: delivery.deliver(batch))

    assert cost(1000) == cost(10)
