"""``wasla database-url``: the address of the database in force."""

from __future__ import annotations

import typer

from services.cli.database import url_in_force


def database_url() -> None:
    """Print the URL of the database in force.

    With its password.

    \b
    Example:
      psql "$(wasla database-url)"
    """
    # Not through say(): what a program reads must stay byte for byte what it is.
    typer.echo(url_in_force())
