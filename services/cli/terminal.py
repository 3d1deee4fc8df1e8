"""Where a command's words go: standard output for what was asked for, standard error for what went wrong.

On a terminal tables have rules and colours; in a pipe every line is plain text, one row a line.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import msgspec
import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.cli.tables import columns, printable

_STYLES = {"ok": "green", "note": "cyan", "skipped": "yellow", "warning": "yellow", "problem": "red", "failed": "red"}
_WIDTH = max(len(word) for word in _STYLES)


def say(text: str) -> None:
    """Print one line of the answer."""
    typer.echo(printable(text))


def remark(text: str) -> None:
    """Print one line beside the answer, on standard error."""
    typer.echo(printable(text), err=True)


def complain(sentence: str) -> None:
    """Print why the command could not do what was asked, on standard error."""
    remark(f"wasla: {sentence}")


def say_json(value: Any) -> None:
    """Print *value* as one line of JSON."""
    typer.echo(msgspec.json.encode(value).decode())


def say_table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table: ruled on a terminal, aligned plain columns in a pipe."""
    if not sys.stdout.isatty():
        for line in columns(headers, rows):
            typer.echo(line)
        return
    table = Table(*headers, box=box.SIMPLE_HEAD)
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    Console().print(table)


def say_outcome(word: str, text: str) -> None:
    """Print a line that begins with how it went: ok, note, skipped, warning, problem or failed."""
    say_coloured([(word.ljust(_WIDTH), _STYLES[word]), (f"  {text}", None)])


def say_coloured(parts: Sequence[tuple[str, str | None]]) -> None:
    """Print one line of pieces, each in its colour on a terminal; never wrapped."""
    if not sys.stdout.isatty():
        say("".join(text for text, _ in parts))
        return
    line = Text.assemble(*((printable(text), style or "") for text, style in parts))
    Console(highlight=False).print(line, soft_wrap=True)
