"""What a seat costs."""

from __future__ import annotations

from decimal import Decimal

import pytest

from services.station.prices import amount


@pytest.mark.parametrize(
    ("seats", "price", "total"),
    [(1, "1.750", "1.950"), (2, "2.000", "4.400"), (8, "2.400", "20.800"), (3, "1.950", "6.450")],
)
def test_the_fee_is_added_to_every_seat(seats: int, price: str, total: str) -> None:
    assert amount(seats, Decimal(price)) == Decimal(total)
