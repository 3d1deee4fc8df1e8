"""Why an act of the desk is not done, in the words a clerk reads. Pure.

A refusal has a code, the figures it speaks of, and one sentence in French and in English. ``is_absence`` says that
what was asked about is not there (any more), rather than that it may not be done.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from shared.errors import WaslaError


class Reason(StrEnum):
    """The codes; stable, for programs."""

    SOLD_ELSEWHERE = "sold_elsewhere"
    NOT_ENOUGH_SEATS = "not_enough_seats"
    NO_ROUTE = "no_route"
    ALREADY_QUEUED = "already_queued"
    VEHICLE_GONE = "vehicle_gone"
    VEHICLE_EMPTY = "vehicle_empty"
    VEHICLE_LEAVES = "vehicle_leaves"
    BOOKING_GONE = "booking_gone"
    NO_ROOM = "no_room"


class Sentence(NamedTuple):
    """The same in both languages of the desk."""

    fr: str
    en: str


_ABSENCES = frozenset({Reason.NO_ROUTE, Reason.VEHICLE_GONE, Reason.BOOKING_GONE})

_SENTENCES = {
    Reason.SOLD_ELSEWHERE: Sentence(
        "déjà vendu à l'autre guichet : {left_fr}", "already sold at the other counter: {left_en}"
    ),
    Reason.NOT_ENOUGH_SEATS: Sentence(
        "aucune voiture n'a autant de places libres : {left_fr}", "no vehicle has that many free seats: {left_en}"
    ),
    Reason.NO_ROUTE: Sentence(
        "pas de ligne vers {what} : choisissez une destination affichée",
        "no route to {what}: choose a destination that is shown",
    ),
    Reason.ALREADY_QUEUED: Sentence("déjà en file pour {what}", "already in the queue for {what}"),
    Reason.VEHICLE_GONE: Sentence("cette voiture n'est plus en file", "this vehicle is not in the queue any more"),
    Reason.VEHICLE_EMPTY: Sentence(
        "personne n'est à bord : vendez une place, ou retirez la voiture",
        "nobody is on board: sell a seat, or take the vehicle out",
    ),
    Reason.VEHICLE_LEAVES: Sentence("la voiture est complète, elle part", "the vehicle is full, it is leaving"),
    Reason.BOOKING_GONE: Sentence(
        "cette vente n'est plus à annuler : déjà annulée, ou déjà partie",
        "this sale cannot be cancelled any more: cancelled already, or already gone",
    ),
    Reason.NO_ROOM: Sentence("l'autre voiture n'a pas la place : {left_fr}", "the other vehicle lacks room: {left_en}"),
}


class Refused(WaslaError):
    """The act was not done and nothing was changed; ``free_seats`` is what the clerk can still sell."""

    def __init__(self, reason: Reason, *, free_seats: int = 0, what: str = "") -> None:
        super().__init__(reason, free_seats, what)
        self.reason = reason
        self.free_seats = free_seats
        self.what = what

    def __str__(self) -> str:
        return self.sentence.en

    @property
    def is_absence(self) -> bool:
        """Tell whether what was asked about is not there."""
        return self.reason in _ABSENCES

    @property
    def sentence(self) -> Sentence:
        """What the clerk is told."""
        left = _left(self.free_seats)
        return Sentence(
            *(text.format(left_fr=left.fr, left_en=left.en, what=self.what) for text in _SENTENCES[self.reason])
        )


def _left(seats: int) -> Sentence:
    if seats == 0:
        return Sentence("il ne reste aucune place", "no seat is left")
    if seats == 1:
        return Sentence("il reste 1 place", "1 seat is left")
    return Sentence(f"il reste {seats} places", f"{seats} seats are left")
