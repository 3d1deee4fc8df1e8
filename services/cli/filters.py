"""The words of ``--where``, turned into the ``where`` of a subscription. Pure.

One condition a word: ``destination_id=jemmal``, ``available_seats<=2``, ``status!=READY``,
``status in WAITING,LOADING``, ``cancelled_at is null``, ``cancelled_at is not null``. All of them have to hold. A value
that reads as JSON (``2``, ``true``, ``"2"``) is that; anything else is text, so a number kept as text is quoted:
``id="2"``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec

Where = dict[str, dict[str, Any]]

_OPERATORS = {"=": "eq", "!=": "neq", "<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}
_COMPARISON = re.compile(r"\s*(?P<column>[^\s<>=!]+)\s*(?P<operator><=|>=|!=|=|<|>)\s*(?P<value>.*?)\s*", re.DOTALL)
_MEMBERSHIP = re.compile(r"\s*(?P<column>[^\s<>=!]+)\s+in\s+(?P<value>\S.*?)\s*", re.DOTALL | re.IGNORECASE)
_NULLNESS = re.compile(r"\s*(?P<column>[^\s<>=!]+)\s+is\s+(?P<negated>not\s+)?null\s*", re.IGNORECASE)


class FilterError(ValueError):
    """A word that is not a condition; its text says what one looks like."""


def parse_where(words: Iterable[str]) -> Where:
    """Return the conditions by column and operator; raise FilterError naming the first word that is none."""
    where: Where = {}
    for word in words:
        column, operator, value = _condition(word)
        if operator in where.setdefault(column, {}):
            raise FilterError(f"expected one condition with each operator on a column, got a second one in {word!r}")
        where[column][operator] = value
    return where


def _condition(word: str) -> tuple[str, str, Any]:
    if not _is_unicode(word):
        raise FilterError(f"expected a condition in UTF-8, got {word!r}")
    if match := _NULLNESS.fullmatch(word):
        return match["column"], "is_null", match["negated"] is None
    if match := _MEMBERSHIP.fullmatch(word):
        return match["column"], "in", _values([item.strip() for item in match["value"].split(",")])
    if match := _COMPARISON.fullmatch(word):
        return match["column"], _OPERATORS[match["operator"]], _value(match["value"])
    raise FilterError(
        f"expected a condition such as status=WAITING, available_seats<=2, status in WAITING,LOADING or "
        f"cancelled_at is null, got {word!r}"
    )


def _is_unicode(word: str) -> bool:
    """Tell whether a word of the command line was UTF-8: Python keeps other bytes as halves of surrogate pairs."""
    return not any(0xD800 <= ord(character) <= 0xDFFF for character in word)


def _values(items: list[str]) -> list[Any]:
    """Return the items as values of one kind; where they would not be, as text."""
    values = [_value(item) for item in items]
    kinds = {str if isinstance(value, str) else bool if isinstance(value, bool) else float for value in values}
    return values if len(kinds) == 1 else items


def _value(text: str) -> Any:
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return text
    if value is None:
        raise FilterError("expected a value to compare with, got null: write COLUMN is null")
    return text if isinstance(value, list | dict) else value
