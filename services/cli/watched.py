"""Which tables are watched, as the database itself says."""

from __future__ import annotations

from typing import Any

from shared.queries import query


async def watched_tables(database: Any) -> dict[str, str]:
    """Return the channel of each watched table by the table's name."""
    return {row["table"]: row["channel"] for row in await database.fetch(query("cli/watched_tables"))}
