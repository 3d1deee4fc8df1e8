"""What a seat costs: the route's price and the fee of the service, in Tunisian dinars of 1000 millimes."""

from __future__ import annotations

from decimal import Decimal

SERVICE_FEE = Decimal("0.200")
"""Dinars a seat, whatever the route."""


def amount(seats: int, base_price: Decimal) -> Decimal:
    """Return what *seats* cost on a route of that price."""
    return seats * (base_price + SERVICE_FEE)
