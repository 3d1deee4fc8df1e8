"""The command line put together: every command, and how an error becomes a sentence and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import typer
from typer.core import TyperGroup

from services.cli.commands.config import config
from services.cli.commands.database_url import database_url
from services.cli.commands.demo import demo
from services.cli.commands.doctor import doctor
from services.cli.commands.keys import keys
from services.cli.commands.policy import policy
from services.cli.commands.remove import remove
from services.cli.commands.revoke import revoke
from services.cli.commands.scale import scale
from services.cli.commands.setup import setup
from services.cli.commands.status import status
from services.cli.commands.tail import tail
from services.cli.commands.token import token
from services.cli.commands.watch import unwatch, watch
from services.cli.exits import MEANINGS, exit_code
from services.cli.terminal import complain
from shared.errors import WaslaError

_EPILOG = "Exit codes: " + "; ".join(f"{code.value} {meaning}" for code, meaning in MEANINGS.items()) + "."

_COMMANDS: dict[str, tuple[Callable[..., None], ...]] = {
    "Look": (status, tail, doctor, demo),
    "Set up": (setup, watch, unwatch, remove),
    "Run": (scale, keys, revoke, token, policy, config, database_url),
}
"""Every command, in the groups and the order of the help."""


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
    for panel, commands in _COMMANDS.items():
        for command in commands:
            application.command(command.__name__.replace("_", "-"), rich_help_panel=panel)(command)
    return application
