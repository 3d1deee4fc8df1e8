"""Which tables are watched, as the database itself says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shared.queries import query


@dataclass(frozen=True, slots=True)
class Watched:
    """A watched table, its channel, the function that captures its changes, and whether every trigger is in place."""

    table: str
    channel: str
    capture: str
    triggered: bool


async def watched_tables(database: Any) -> list[Watched]:
    """Return the watched tables by name; internal ones are nobody's business."""
    return [
        Watched(
            row["table"],
            row["channel"],
            row["capture"],
            row["exists"] and not (row["missing_triggers"] or row["disabled_triggers"] or row["unwatched_partitions"]),
        )
        for row in await database.fetch(query("cli/watched_tables"))
    ]
