"""One event as one line for people. Pure; the caller escapes and colours."""

from __future__ import annotations

from typing import Any

import msgspec

from services.cli.conversation import Happened

_STYLES = {"INSERT": "green", "UPDATE": "cyan", "DELETE": "red", "TRUNCATE": "red", "TEST": "magenta"}

Piece = tuple[str, str | None]


def event_pieces(event: Happened) -> list[Piece]:
    """Return the line's pieces with their colours: when, seq, what, which row, and what it is now."""
    what = f"{event.event_type:<8}"
    pieces: list[Piece] = [
        (f"{event.timestamp}  ", "dim"),
        (f"{event.seq:>7}  ", "dim"),
        (what, _STYLES.get(event.event_type)),
        (f"  {event.table}", "bold"),
    ]
    if event.id is not None:
        pieces.append((f"  {event.id}", None))
    if event.business_event is not None:
        pieces.append((f"  {event.business_event}", "yellow"))
    pieces.append((f"  {_content(event)}", None))
    return pieces


def _content(event: Happened) -> str:
    if event.event_type == "UPDATE" and event.changed is not None and event.data is not None:
        return _changes(event.changed, event.old or {}, event.data)
    return "" if event.data is None else _json(event.data)


def _changes(changed: list[str], old: dict[str, Any], new: dict[str, Any]) -> str:
    if not changed:
        return "nothing changed"
    return ", ".join(f"{column}: {_json(old.get(column))} -> {_json(new.get(column))}" for column in changed)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
