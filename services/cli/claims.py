"""Claims of a token as options give them. Pure."""

from __future__ import annotations

import json
from typing import Any

import typer


def claims_of(options: list[str]) -> dict[str, Any]:
    """Return the claims by name: a value is JSON, or else a text; raise BadParameter for what is no NAME=VALUE."""
    return dict(_claim(option) for option in options)


def _claim(option: str) -> tuple[str, Any]:
    name, equals, value = option.partition("=")
    if not equals or not name:
        raise typer.BadParameter(f"expected NAME=VALUE, got {option}", param_hint="--claim")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
