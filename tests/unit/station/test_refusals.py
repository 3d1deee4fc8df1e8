"""The sentences of a refusal, word for word."""

from __future__ import annotations

import pytest

from services.station.refusals import Reason, Refused


@pytest.mark.parametrize(
    ("refused", "fr", "en"),
    [
        (
            Refused(Reason.SOLD_ELSEWHERE, free_seats=1),
            "déjà vendu à l'autre guichet : il reste 1 place",
            "already sold at the other counter: 1 seat is left",
        ),
        (
            Refused(Reason.SOLD_ELSEWHERE),
            "déjà vendu à l'autre guichet : il ne reste aucune place",
            "already sold at the other counter: no seat is left",
        ),
        (
            Refused(Reason.NOT_ENOUGH_SEATS, free_seats=3),
            "aucune voiture n'a autant de places libres : il reste 3 places",
            "no vehicle has that many free seats: 3 seats are left",
        ),
        (Refused(Reason.ALREADY_QUEUED, what="MOKNIN"), "déjà en file pour MOKNIN", "already in the queue for MOKNIN"),
    ],
)
def test_the_clerk_reads(refused: Refused, fr: str, en: str) -> None:
    assert refused.sentence == (fr, en)
    assert str(refused) == en


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_its_sentences(reason: Reason) -> None:
    for text in Refused(reason, what="{}").sentence:
        assert text
        assert "left_" not in text
