"""The subscriptions that stand, and what of them the present link has been told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wasla_client.effects import Data, Send


class Interests:
    """Subscriptions by id, in the order in which they were made."""

    __slots__ = ("_standing", "_told")

    def __init__(self) -> None:
        self._standing: dict[str, Data] = {}
        self._told: dict[str, Data] = {}

    def add(self, subscription: Mapping[str, Any]) -> None:
        """Add, or replace in its place."""
        self._standing[subscription["id"]] = dict(subscription)

    def remove(self, identifier: str) -> bool:
        """Remove; tell whether it was there."""
        return self._standing.pop(identifier, None) is not None

    def for_register(self) -> list[Data]:
        """Return what a register carries, and remember that the link was told."""
        self._told = dict(self._standing)
        return list(self._standing.values())

    def withhold(self) -> bool:
        """The link was refused: it is told of none; tell whether it had been told of any."""
        had_any = bool(self._told)
        self._told = {}
        return had_any

    def changes(self) -> list[Send]:
        """Return what a link that has just registered does not know yet, new ones before old ones go."""
        told, self._told = self._told, {}
        made = [Send("subscribe", item) for key, item in self._standing.items() if told.get(key) != item]
        return [*made, *(Send("unsubscribe", {"id": key}) for key in told if key not in self._standing)]
