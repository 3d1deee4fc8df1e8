"""What the page may ask for, as JSON; what does not fit is refused with what was expected."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

Key = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[^\x00]+$")]
Plate = Annotated[str, msgspec.Meta(min_length=3, max_length=20, pattern=r"^\w[\w ]*\w$")]
Seats = Annotated[int, msgspec.Meta(ge=1, le=8)]


class _Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    post: Key = "station"


class ArrivalRequest(_Request, frozen=True, kw_only=True):
    """A vehicle arrives."""

    license_plate: Plate
    destination_id: Key


class SaleRequest(_Request, frozen=True, kw_only=True):
    """Seats are asked for; ``seen_free`` is what the clerk's screen showed."""

    destination_id: Key
    seats: Seats
    queue_id: Key | None = None
    seen_free: Annotated[int, msgspec.Meta(ge=0, le=100)] | None = None


class CancellationRequest(_Request, frozen=True, kw_only=True):
    """A booking, or one seat of it, is given back."""

    booking_id: Key
    one_seat: bool = False


class TransferRequest(_Request, frozen=True, kw_only=True):
    """A booking moves to another vehicle."""

    booking_id: Key
    to_queue_id: Key


class VehicleRequest(_Request, frozen=True, kw_only=True):
    """Something happens to a vehicle in the queue."""

    queue_id: Key


class SimulationRequest(_Request, frozen=True, kw_only=True):
    """``speed`` is simulated seconds a second, 0 as fast as it goes; ``until`` the time of the day to end at."""

    action: Literal["start", "stop"]
    speed: Annotated[float, msgspec.Meta(ge=0, le=1_000_000)] = 60.0
    seed: Annotated[int, msgspec.Meta(ge=0, le=2**31)] = 1
    until: Annotated[str, msgspec.Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] | None = None
