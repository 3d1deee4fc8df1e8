"""One event as one line for people. Pure; the caller escapes and colours."""

from __future__ import annotations

import msgspec

from services.cli.conversation import Happened
from shared.protocol import NULL

_STYLES = {"INSERT": "green", "UPDATE": "cyan", "DELETE": "red", "TRUNCATE": "red", "TEST": "magenta"}

Piece = tuple[str, str | None]
Columns = dict[str, msgspec.Raw]


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
    if event.data == NULL:
        return ""
    if event.event_type == "UPDATE" and event.changed is not None:
        return _changes(event.changed, _columns(event.old), _columns(event.data))
    return _text(event.data)


def _changes(changed: list[str], old: Columns, new: Columns) -> str:
    if not changed:
        return "nothing changed"
    return ", ".join(
        f"{column}: {_text(old.get(column, NULL))} -> {_text(new.get(column, NULL))}" for column in changed
    )


def _columns(row: msgspec.Raw) -> Columns:
    """Return a row's columns, their values left as JSON text."""
    return msgspec.json.decode(row, type=Columns | None) or {}


def _text(value: msgspec.Raw) -> str:
    return bytes(value).decode()
