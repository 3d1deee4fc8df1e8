"""Append each new booking to a file, once, whatever happens between two runs of this script.

    python resume.py [address] [file]

Each line of the file ends with the position of its booking: where it ends is where the next run goes on. A line is
written in one piece, so that the booking and the position cannot come apart.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path

from wasla_client import Position, Resync
from wasla_client.sync import connect


def last_position(file: Path) -> Position | None:
    """Return where the former run stood; a line that it did not finish is taken away."""
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        file.write_text(whole, encoding="utf-8")
    lines = whole.splitlines()
    return Position(**json.loads(lines[-1])["position"]) if lines else None


def append(address: str, file: Path) -> None:
    """Append until Ctrl-C."""
    former = last_position(file)
    with file.open("a", encoding="utf-8") as out, connect(address, app_name="resume", position=former) as client:

        def write(booking: str | None, position: Position) -> None:
            out.write(json.dumps({"booking": booking, "position": dataclasses.asdict(position)}) + "\n")
            out.flush()

        bookings = client.events(table="bookings", events=["INSERT"])
        bookings.wait_live()
        if former is None and client.position is not None:
            write(None, client.position)
        for item in bookings:
            write(None if isinstance(item, Resync) else item.id, item.position)


if __name__ == "__main__":
    arguments = sys.argv[1:] or ["ws://127.0.0.1:8765"]
    try:
        append(arguments[0], Path(arguments[1] if len(arguments) > 1 else "bookings.jsonl"))
    except KeyboardInterrupt:
        sys.exit(130)
