"""Rows laid out as plain text, for pipes, and text made safe to show. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

GAP = "  "


def columns(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return one line a row, cells padded to their column's width; nothing is wrapped, cut or coloured."""
    lines = [[printable(cell) for cell in line] for line in (headers, *rows)]
    widths = [max(len(line[index]) for line in lines) for index in range(len(headers))]
    return [GAP.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]


def printable(text: str) -> str:
    """Return *text* with every control and formatting character escaped, so that rows cannot steer a terminal."""
    return "".join(_escaped(character) for character in text)


def _escaped(character: str) -> str:
    # Cc: C0 and C1 controls, the terminal's escapes among them. Cf holds the bidirectional overrides, which reorder
    # a whole line; the joiners inside Arabic names are Cf too and stay.
    category = unicodedata.category(character)
    if category == "Cc" or (category == "Cf" and character not in "\u200c\u200d\u200e\u200f"):
        return f"\\u{ord(character):04x}"
    return character
