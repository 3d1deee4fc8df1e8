"""The epoch that a client is told: the history its seq counts, and what it sees of that. Pure.

What a client was shown is worth something for as long as the history goes on *and* the client's rights are the same.
So the epoch that leaves the gateway for a bounded view is the database's, followed by the view's mark. A client hands
it back when it resumes, to any gateway, and whether its rights have become others meanwhile, by another policy or
another token, follows from comparing two texts. Nobody has to remember what a client that is away could see.
"""

from __future__ import annotations

from typing import Final

from services.gateway.rights.views import View

SEPARATOR: Final = "."
"""Between the database's epoch, which has none in it, and the mark."""


def epoch_told(epoch: str, view: View | None) -> str:
    """Return the database's *epoch* as a client with *view* is told it; before the stream was joined there is none."""
    return epoch if view is None or not epoch else f"{epoch}{SEPARATOR}{view.mark}"


def history_of(told: str) -> str:
    """Return the database's epoch of one that a client was told."""
    return told.partition(SEPARATOR)[0]


def changed_since(told: str, epoch: str, view: View | None) -> str | None:
    """Return the reason why a client that was *told* an epoch and has *view* now must reload, None: it goes on."""
    if told == epoch_told(epoch, view):
        return None
    return "rights_changed" if history_of(told) == epoch else "epoch_changed"
