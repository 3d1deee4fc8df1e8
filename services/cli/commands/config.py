"""``wasla config``: every setting of every service."""

from __future__ import annotations

from typing import Annotated

import typer

from services.cli.settings_table import HEADERS, rows
from services.cli.terminal import say_json, say_table


def config(as_json: Annotated[bool, typer.Option("--json", help="Print a JSON array.")] = False) -> None:
    """Show every setting and where it comes from."""
    found = rows()
    if as_json:
        say_json(found)
    else:
        say_table(HEADERS, [row.cells() for row in found])
