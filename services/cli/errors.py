"""Errors of the command line, beside those of :mod:`shared.errors`.

::

    WaslaError
    ├── PeerUnreachable        a gateway, the monitor or supervisord does not answer
    └── StreamRefused          the gateway answered, and does not let this client go on
"""

from __future__ import annotations

from shared.errors import WaslaError


class PeerUnreachable(WaslaError):
    """One of our own processes did not answer at its address."""


class StreamRefused(WaslaError):
    """The gateway refused a message or closed with a code that says not to come back."""
