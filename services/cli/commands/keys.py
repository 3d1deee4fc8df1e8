"""``wasla keys``: the one secret that the machines of an installation share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.cli.places import resolve
from services.cli.terminal import say
from shared.bus.keys import key_file, write_key
from shared.bus.settings import BusSettings


def keys(
    *,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="PATH", help="Write it here instead of where it is read from.")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Make a new key where there is one; the old one is lost.")
    ] = False,
) -> None:
    """Make the key that protects the bus between machines.

    Once for an installation: the file is copied to every machine, and the processes are restarted.
    """
    path = file or resolve(key_file(BusSettings.load()))
    write_key(path, replace=replace)
    say(f"wrote {path}, readable by its owner alone")
    say(f"Copy it to every other machine, for example: scp -p {path} MACHINE:{path}")
    say("Then restart the processes on all of them: without the same key they do not hear each other.")
