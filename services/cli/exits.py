"""Exit codes, the same for every command, and which error ends with which."""

from __future__ import annotations

from enum import IntEnum

from services.cli.errors import PeerUnreachable
from shared.errors import ConfigurationError, DatabaseUnreachable, WaslaError


class Exit(IntEnum):
    """What a script may act on. ``USAGE`` and ``INTERRUPTED`` are the argument parser's own codes."""

    OK = 0
    FAILED = 1
    USAGE = 2
    UNREACHABLE = 3
    CONFIGURATION = 78
    INTERRUPTED = 130


MEANINGS: dict[Exit, str] = {
    Exit.OK: "done, and nothing is wrong",
    Exit.FAILED: "not done, or something is wrong",
    Exit.USAGE: "the command line was not understood",
    Exit.UNREACHABLE: "the database, a gateway, the monitor or supervisord does not answer",
    Exit.CONFIGURATION: "a setting is wrong or missing",
    Exit.INTERRUPTED: "ended by Ctrl-C",
}


def exit_code(error: WaslaError) -> Exit:
    """Return the code that a command ends with when it raised *error*."""
    if isinstance(error, DatabaseUnreachable | PeerUnreachable):
        return Exit.UNREACHABLE
    if isinstance(error, ConfigurationError):
        return Exit.CONFIGURATION
    return Exit.FAILED
