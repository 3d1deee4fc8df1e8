"""Errors a person is meant to read.

::

    WaslaError
    ├── ConfigurationError     a setting is wrong; nothing was started
    ├── DatabaseError          the database cannot be used as asked
    │   ├── DatabaseUnreachable
    │   └── DatabaseRefused    reached, but rights, tables or version are missing
    └── BusError               the bus cannot be used as asked

The text of each is one sentence that says what was expected, what came and what to do. ``__main__`` modules print
it and exit; only unforeseen errors are shown with a traceback.
"""

from __future__ import annotations


class WaslaError(Exception):
    """Parent of every error whose text is written for the operator."""


class ConfigurationError(WaslaError):
    """A setting was wrong: expected one thing, got another."""


class DatabaseError(WaslaError):
    """The database cannot be used as asked."""


class DatabaseUnreachable(DatabaseError):
    """Nothing answered at the database's address, or it refused the connection."""


class DatabaseRefused(DatabaseError):
    """The database answered, but lacks rights, tables or a version that is needed."""


class BusError(WaslaError):
    """The bus cannot be used as asked, for example because its port is taken."""
