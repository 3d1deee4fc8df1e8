"""Where a command's words go: standard output for what was asked for, standard error for what went wrong.

On a terminal tables have rules and colours (none with NO_COLOR, https://no-color.org); in a pipe every line is plain
text, one row a line.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.cli.progress import aside
from services.cli.tables import columns, printable

OUTCOMES = {"ok": "green", "note": "cyan", "skipped": "yellow", "warning": "yellow", "problem": "red", "failed": "red"}
"""The words that say how something went, and their colours."""

_WIDTH = max(len(word) for word in OUTCOMES)

Piece = tuple[str, str | None]
"""A text and its colour."""


def say(text: str) -> None:
    """Print one line of the answer."""
    with aside():
        typer.echo(printable(text))


def remark(text: str, style: str | None = None) -> None:
    """Print one line beside the answer, on standard error."""
    with aside():
        if sys.stderr.isatty() and style is not None:
            Console(stderr=True, highlight=False).print(Text(printable(text), style), soft_wrap=True)
        else:
            typer.echo(printable(text), err=True)


def complain(sentence: str) -> None:
    """Print why the command could not do what was asked, on standard error."""
    remark(f"wasla: {sentence}", "red")


def say_json(value: Any) -> None:
    """Print *value* as one line of JSON."""
    typer.echo(msgspec.json.encode(value).decode())


def say_table(headers: Sequence[str], rows: Sequence[Sequence[str]], styles: Mapping[str, str] | None = None) -> None:
    """Print a table: ruled on a terminal, aligned plain columns in a pipe; *styles* colours cells by their text."""
    with aside():
        if sys.stdout.isatty():
            Console().print(ruled(headers, rows, styles))
            return
        for line in columns(headers, rows):
            typer.echo(line)


def ruled(headers: Sequence[str], rows: Sequence[Sequence[str]], styles: Mapping[str, str] | None = None) -> Table:
    """Return the table as a terminal shows it: a long cell is folded, never cut, and names stay whole if they can."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True)
    for index, header in enumerate(headers):
        table.add_column(header, overflow="fold", no_wrap=index == 0)
    for row in rows:
        table.add_row(*(Text(printable(cell), (styles or {}).get(cell, "")) for cell in row))
    return table


def outcomes(lines: Sequence[tuple[str, str]]) -> Table:
    """Return lines of outcomes as a terminal shows them together: a long text is folded under itself."""
    grid = Table.grid(padding=(0, 2))
    for word, text in lines:
        grid.add_row(Text(word.ljust(_WIDTH), OUTCOMES[word]), Text(printable(text)))
    return grid


def say_outcome(word: str, text: str) -> None:
    """Print a line that begins with how it went: ok, note, skipped, warning, problem or failed."""
    say_coloured(outcome_pieces(word, text))


def outcome_pieces(word: str, text: str) -> list[Piece]:
    """Return such a line's pieces."""
    return [(word.ljust(_WIDTH), OUTCOMES[word]), (f"  {text}", None)]


def say_coloured(pieces: Sequence[Piece], *, cut: bool = False) -> None:
    """Print one line of pieces, each in its colour on a terminal; never wrapped, and cut at its edge only if asked."""
    with aside():
        if not sys.stdout.isatty():
            typer.echo(printable("".join(text for text, _ in pieces).rstrip()))
            return
        console = Console(highlight=False)
        line = coloured(pieces)
        if cut:
            line.truncate(console.width, overflow="ellipsis")
        console.print(line, soft_wrap=True)


def coloured(pieces: Sequence[Piece]) -> Text:
    """Return the pieces as one line of a terminal."""
    return Text.assemble(*((printable(text), style or "") for text, style in pieces))
