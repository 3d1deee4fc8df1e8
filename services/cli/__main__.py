"""Entry point of ``wasla`` and of ``python -m services.cli``."""

from __future__ import annotations

import io
import sys


def main() -> None:
    """Run the command line and exit with its code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Rows hold any character; a terminal that cannot show one must not end the command.
            stream.reconfigure(errors="backslashreplace")
    try:
        # Takes half a second: Ctrl-C meanwhile is no reason for a traceback either.
        from services.cli.application import build  # noqa: PLC0415
        from services.cli.exits import Exit  # noqa: PLC0415
    except KeyboardInterrupt:
        sys.exit(130)
    try:
        build()(prog_name="wasla")
    except KeyboardInterrupt:
        sys.exit(Exit.INTERRUPTED)


if __name__ == "__main__":
    main()
