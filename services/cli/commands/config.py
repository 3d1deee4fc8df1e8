"""``wasla config``: every setting of every service."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from services.cli.settings_table import HEADERS, Row, rows
from services.cli.terminal import say, say_json, say_table
from shared.errors import ConfigurationError

TERMINAL_HEADERS = ("variable", "value", "read by", "what it sets")
"""What a terminal has room for; a pipe and ``--json`` get everything."""


def _words(incomplete: str) -> list[str]:
    try:
        return [row.variable for row in rows() if row.variable.startswith(incomplete.upper())]
    except ConfigurationError:
        return []


def config(
    *,
    word: Annotated[
        str | None,
        typer.Argument(
            metavar="WORD", help="Only variables with this in their name or description.", autocompletion=_words
        ),
    ] = None,
    is_set: Annotated[bool, typer.Option("--set", help="Only what is set in the environment.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON array.")] = False,
) -> None:
    """Show every setting and where it comes from.

    On a terminal what is set in the environment stands out, with its default in parentheses.

    \b
    Examples:
      wasla config
      wasla config bus
      wasla config --set
      wasla config WASLA_PORT --json | jq '.[].value'
    """
    found = [row for row in rows() if row.mentions(word or "") and (row.is_set or not is_set)]
    if as_json:
        say_json(found)
    elif sys.stdout.isatty():
        _show(found)
    else:
        say_table(HEADERS, [row.cells() for row in found])


def _show(found: list[Row]) -> None:
    if not found:
        say("no setting is like that")
        return
    cells = [(row.variable, row.worded(), ", ".join(row.services), row.description) for row in found]
    say_table(TERMINAL_HEADERS, cells, {row.worded(): "bold yellow" for row in found if row.is_set})
