"""One event as one line for people. Pure; the caller escapes and colours."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from services.cli.conversation import Happened
from shared.protocol import NULL

_STYLES = {"INSERT": "green", "UPDATE": "cyan", "DELETE": "red", "TRUNCATE": "bold red", "TEST": "magenta"}

_NARROWEST = {"table": 13, "id": 0, "business_event": 17}
_WIDEST = {"table": 24, "id": 36, "business_event": 24}
"""Characters between which a column that is used grows: one long name is not to push every later line aside."""

Piece = tuple[str, str | None]
Columns = dict[str, msgspec.Raw]


class EventLines:
    """Lines that stay aligned: each column is as wide as the widest cell so far."""

    def __init__(self) -> None:
        self._widths = dict.fromkeys(_NARROWEST, 0)

    def pieces(self, event: Happened) -> list[Piece]:
        """Return the line's pieces with their colours: when, seq, what, which row, and what it is now."""
        style = _STYLES.get(event.event_type)
        return [
            (f"{event.timestamp}  ", "dim"),
            (f"{event.seq:>7}  ", "dim"),
            (f"{event.event_type:<8}", style),
            (self._cell("table", event.table), "bold"),
            (self._cell("id", event.id or ""), None),
            (self._cell("business_event", event.business_event or ""), "yellow"),
            ("  ", None),
            *_content(event),
        ]

    def _cell(self, column: str, text: str) -> str:
        if text:
            needed = min(max(len(text), _NARROWEST[column]), _WIDEST[column])
            self._widths[column] = max(self._widths[column], needed)
        width = self._widths[column]
        return f"  {text:<{width}}" if width else ""


def _content(event: Happened) -> Iterator[Piece]:
    if event.data == NULL:
        return
    row = _columns(event.data)
    if event.event_type == "UPDATE" and event.changed is not None:
        if not event.changed:
            yield "nothing changed", "dim"
            return
        former = _columns(event.old)
        yield from _named([(name, f"{_of(former, name)} -> {_of(row, name)}") for name in event.changed])
    else:
        yield from _named([(name, _text(value)) for name, value in row.items() if value != NULL])


def _named(values: list[tuple[str, str]]) -> Iterator[Piece]:
    for index, (name, text) in enumerate(values):
        yield f"{', ' if index else ''}{name}: ", "dim"
        yield text, None


def _columns(row: msgspec.Raw) -> Columns:
    """Return a row's columns, their values left as JSON text; none of what is no row (``--json`` shows it)."""
    try:
        return msgspec.json.decode(row, type=Columns | None) or {}
    except (msgspec.DecodeError, RecursionError):
        return {}


def _of(row: Columns, name: str) -> str:
    return _text(row.get(name, NULL))


def _text(value: msgspec.Raw) -> str:
    return bytes(value).decode()
