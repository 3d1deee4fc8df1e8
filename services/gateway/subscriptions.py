"""Subscriptions and what they match: the definition, which :mod:`services.gateway.matching` only makes fast.

A subscription matches an event when every part it gives does. ``where`` is tested on each version of the row: an
INSERT's new row, a DELETE's old row, an UPDATE's new row and the old one (the new row with the former values laid
over it); one version that satisfies all conditions is enough. An event that carries no row (TRUNCATE, TEST, metadata
only) cannot be tested and is sent rather than hidden.

Internal events reach only subscriptions that name their channel. A mark of failed capture concerns every subscription
that could have shown the table's changes, whatever its events and conditions.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from services.gateway.conditions import Condition, Row
from services.gateway.entries import Entry, Rows


@dataclass(frozen=True, slots=True)
class Subscription:
    """What one ``subscribe`` asked for; an empty part asks for nothing in particular."""

    channels: frozenset[str] = frozenset()
    tables: frozenset[str] = frozenset()
    events: frozenset[str] = frozenset()
    where: frozenset[Condition] = frozenset()

    def matches(self, entry: Entry, rows: Rows) -> bool:
        """Tell whether the client is to receive *entry*; *rows* are decoded only if a condition needs them."""
        if not self.addresses(entry):
            return False
        if entry.is_mark:
            return True
        return self._wants(entry) and self._accepts(rows)

    def addresses(self, entry: Entry) -> bool:
        """Tell whether the entry's table and channel are asked for."""
        if entry.internal and entry.channel not in self.channels:
            return False
        return (not self.tables or entry.table in self.tables) and (not self.channels or entry.channel in self.channels)

    def _wants(self, entry: Entry) -> bool:
        return not self.events or entry.event_type in self.events or entry.business_event in self.events

    def _accepts(self, rows: Rows) -> bool:
        if not self.where:
            return True
        versions = rows.versions
        return not versions or any(map(self._holds, versions))

    def _holds(self, row: Row) -> bool:
        for condition in self.where:  # noqa: SIM110 - asked of every candidate for every event
            if not condition.holds(row):
                return False
        return True


Interest = frozenset[Subscription]
"""All a client asked for; an event that several subscriptions match is sent once."""

EVERYTHING: Final[Interest] = frozenset({Subscription()})
"""The interest of a client that never made a subscription."""


def interested(interest: Iterable[Subscription], entry: Entry, rows: Rows) -> bool:
    """Tell whether any subscription matches."""
    return any(subscription.matches(entry, rows) for subscription in interest)
