"""Entry point of ``wasla`` and of ``python -m services.cli``."""

from __future__ import annotations

import io
import sys

from services.cli.application import build


def main() -> None:
    """Run the command line and exit with its code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Rows hold any character; a terminal that cannot show one must not end the command.
            stream.reconfigure(errors="backslashreplace")
    build()(prog_name="wasla")


if __name__ == "__main__":
    main()
