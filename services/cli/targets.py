"""The words of ``--watch``, ``TABLE[:CHANNEL[:CAPTURE]]``, taken apart. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

_WORD = re.compile(r'(?P<table>(?:"(?:[^"]|"")+"|[^":])+)(?::(?P<channel>[^:]*))?(?::(?P<capture>[^:]+))?')


@dataclass(frozen=True, slots=True)
class Target:
    """A table to watch, by the name PostgreSQL would take; None is the default channel and the generic capture."""

    table: str
    channel: str | None = None
    capture: str | None = None

    @classmethod
    def parse(cls, word: str) -> Self:
        """Read a word; raise ValueError saying what was expected. A quoted name may hold a colon."""
        match = _WORD.fullmatch(word)
        if match is None or (match["channel"] == "" and match["capture"] is None):
            raise ValueError(f"expected TABLE[:CHANNEL[:CAPTURE]], got {word!r}")
        return cls(match["table"], match["channel"] or None, match["capture"])
