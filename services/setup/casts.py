"""Casts to json of columns' types: their functions run with the capture's rights, so who made them has to be trusted.

Source: ``to_jsonb`` at https://www.postgresql.org/docs/current/functions-json.html, and ``json_categorize_type`` of the
server: arrays, domains and rows are looked into, and only a cast by a function counts.
"""

from __future__ import annotations

from dataclasses import dataclass

import asyncpg

from shared.queries import query


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignCast:
    """A column that becomes JSON by a function of *owner*, neither a superuser nor a member of the schema's owner."""

    table: str
    column: str
    type: str
    function: str
    owner: str

    @property
    def sentence(self) -> str:
        return (
            f"column {self.column} becomes JSON by {self.function} of role {self.owner}, "
            "which runs with the rights of the capture and can alter what it does"
        )

    @property
    def advice(self) -> str:
        return (
            f"run DROP CAST ({self.type} AS json), or, where it can be trusted, have the function belong to a member "
            "of the owner of schema wasla"
        )


async def foreign_casts(connection: asyncpg.Connection, table: str | None = None) -> tuple[ForeignCast, ...]:
    """Return those of a watched table, named as in SQL, or of all."""
    return tuple(ForeignCast(**row) for row in await connection.fetch(query("setup/casts_to_json"), table))
