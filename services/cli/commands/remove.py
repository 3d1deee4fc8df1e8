"""``wasla remove``: undo ``wasla setup``."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import typer

from services.cli.database import connection, url_in_force
from services.cli.exits import Exit
from services.cli.progress import working
from services.cli.terminal import remark, say
from services.setup import remove as remove_schema
from services.setup import self_test_owner
from shared.database import describe


def remove(
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask on a terminal.")] = False,
) -> None:
    """Take Wasla out of the database again.

    Triggers, functions, schema wasla and its roles go; the tables stay as they were. Repeatable.

    \b
    Example:
      wasla remove --yes
    """
    url = url_in_force()
    if not yes and sys.stdin.isatty() and not typer.confirm(f"Remove schema wasla from {describe(url)}?", err=True):
        remark("nothing was changed")
        raise typer.Exit(Exit.FAILED)
    with working(f"removing schema wasla from {describe(url)}"):
        roles_left, self_test = asyncio.run(_remove(url))
    say(f"schema wasla is removed from {describe(url)}")
    if roles_left:
        remark(f"roles that stay, in use elsewhere or not made by wasla setup: {', '.join(roles_left)}")
    if self_test is not None:
        remark(
            f"public.test_notifications() stays, because it belongs to role {self_test}; have that role or a superuser "
            "run DROP FUNCTION public.test_notifications()"
        )


async def _remove(url: str) -> tuple[tuple[str, ...], str | None]:
    async with connection(url) as database:
        return await remove_schema(database), await self_test_owner(database)
