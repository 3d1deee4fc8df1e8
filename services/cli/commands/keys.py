"""``wasla keys``: the secrets of an installation: the machines', and the one that clients present."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, NamedTuple, Protocol

import typer

from services.cli.places import resolve
from services.cli.terminal import say
from shared.access.client_key import client_key_file, write_client_key
from shared.access.settings import AccessSettings
from shared.bus.keys import key_file, write_key
from shared.bus.settings import BusSettings


class Which(StrEnum):
    """The keys there are."""

    BUS = "bus"
    CLIENTS = "clients"


class _Writer(Protocol):
    def __call__(self, path: Path, *, replace: bool) -> None: ...


class _Key(NamedTuple):
    place: Callable[[], Path]
    write: _Writer
    advice: str


_KEYS: Final = {
    Which.BUS: _Key(
        lambda: key_file(BusSettings.load()), write_key, "without the same key machines do not hear each other"
    ),
    Which.CLIENTS: _Key(
        lambda: client_key_file(AccessSettings.load()), write_client_key, "clients present the line in it from then on"
    ),
}


def keys(
    *,
    only: Annotated[
        Which | None, typer.Option("--only", help="Make the key of the bus alone, or of the clients alone.")
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", metavar="PATH", help="Write it here instead of where it is read from; the bus's alone."),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Make new keys where there are some; the old ones are lost.")
    ] = False,
) -> None:
    """Make the keys of the bus and of its clients.

    Once for an installation: the files are copied to every machine, and the processes are restarted.

    \b
    Examples:
      wasla keys
      wasla keys --only clients
      wasla keys --only bus --replace
    """
    places = _places(only, file)
    missing = [which for which, path in places.items() if replace or not path.exists()]
    for which in missing or places:  # where all are there, the first says so
        path = places[which]
        _KEYS[which].write(path, replace=replace)
        say(f"wrote {path}, readable by its owner alone: {_KEYS[which].advice}")
        say(f"Copy it to every other machine, for example: scp -p {path} MACHINE:{path}")
    say("Then restart the processes on all of them.")


def _places(only: Which | None, file: Path | None) -> dict[Which, Path]:
    """Return where which key is to be."""
    if file is not None:
        return {only or Which.BUS: file}
    return {which: resolve(_KEYS[which].place()) for which in Which if only in (None, which)}
