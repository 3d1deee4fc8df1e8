"""The command line put together: every command, and how an error becomes a sentence and an exit code."""

from __future__ import annotations

import sys
from typing import Any

import typer
from typer.core import TyperGroup

from services.cli.commands.config import config
from services.cli.commands.database_url import database_url
from services.cli.commands.doctor import doctor
from services.cli.commands.keys import keys
from services.cli.commands.remove import remove
from services.cli.commands.scale import scale
from services.cli.commands.setup import setup
from services.cli.commands.status import status
from services.cli.commands.tail import tail
from services.cli.commands.watch import unwatch, watch
from services.cli.exits import MEANINGS, exit_code
from services.cli.terminal import complain
from shared.errors import WaslaError

_EPILOG = "Exit codes: " + "; ".join(f"{code.value} {meaning}" for code, meaning in MEANINGS.items()) + "."


class _Commands(TyperGroup):
    """Ends a command with the code of what it raised: foreseen errors are sentences, never tracebacks."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except WaslaError as error:
            complain(str(error))
            raise typer.Exit(exit_code(error)) from None


def build() -> typer.Typer:
    """Return the application; its help has panels on a terminal and is plain text in a pipe."""
    application = typer.Typer(
        name="wasla",
        cls=_Commands,
        help="Set up, watch and repair the real-time link between PostgreSQL and its screens.",
        epilog=_EPILOG,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich" if sys.stdout.isatty() else None,
    )
    for command in (setup, remove, watch, unwatch, status, tail, config, doctor, scale, keys):
        application.command()(command)
    application.command("database-url")(database_url)
    return application
