"""What is watched: tables, their channels and their columns.

The listener reads the catalogue from the database; gateways check subscriptions against it, so that a filter on a
column that does not exist is refused with a sentence instead of never matching.
"""

from __future__ import annotations

from typing import Literal

import msgspec

ColumnKind = Literal["number", "string", "boolean", "json"]


class Table(msgspec.Struct, frozen=True):
    """A watched table: the channel of its events and, by column name, the JSON kind of its values.

    ``internal`` tables (the round-trip probe's) reach only clients that name their channel. ``key`` names the columns
    that a row's id is made of; empty where that is not known.
    """

    channel: str
    columns: dict[str, ColumnKind]
    internal: bool = False
    key: tuple[str, ...] = ()


class Catalog(msgspec.Struct, frozen=True):
    """Every watched table by the name that its events carry (``bookings``, ``audit.entries``)."""

    tables: dict[str, Table] = {}

    @property
    def channels(self) -> frozenset[str]:
        """Every channel of a watched table."""
        return frozenset(table.channel for table in self.tables.values())
