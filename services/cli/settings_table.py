"""Every setting of every service: found by looking, so that a new one is listed without being told of.

A service declares its settings in ``services/<name>/settings.py``; each structure there is read, and a variable that
several services share is listed once, with all of them.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo

import services
from shared.settings import Settings, variable

EVERYWHERE = "all"
HIDDEN = "(hidden)"
UNSET = "-"


@dataclass(slots=True)
class Row:
    """One environment variable. ``origin`` is ``environment`` or ``default``."""

    variable: str
    value: Any
    unit: str
    default: Any
    origin: str
    description: str
    services: list[str] = field(default_factory=list)

    @property
    def is_set(self) -> bool:
        """Whether the environment says it."""
        return self.origin == "environment"

    def mentions(self, word: str) -> bool:
        """Tell whether the word is in the name or in the description."""
        return word.lower() in f"{self.variable} {self.description}".lower()

    def worded(self) -> str:
        """Return the value with its unit, and with the default where that is another."""
        shown = self._with_unit(self.value)
        return f"{shown} (default {self._with_unit(self.default)})" if self.is_set else shown

    def _with_unit(self, value: Any) -> str:
        if value is None or value == "":
            return UNSET
        return str(value) if self.unit == UNSET else f"{value} {self.unit}"

    def cells(self) -> list[str]:
        """Return the row as text, in the order of :data:`HEADERS`."""
        values = (self.variable, self.value, self.unit, self.default, self.origin, ", ".join(self.services))
        return [*(UNSET if value is None else str(value) for value in values), self.description]


HEADERS = ("variable", "value", "unit", "default", "origin", "services", "description")


def rows() -> list[Row]:
    """Return every setting in force, the shared ones first; raise ConfigurationError where one does not fit."""
    found: dict[tuple[str, str], Row] = {}
    every: list[tuple[str, type[Settings]]] = [(EVERYWHERE, Settings), *structures()]
    for service, structure in every:
        for row in _rows(service, structure):
            known = found.setdefault((row.variable, str(row.default)), row)
            if known is not row and known.services != [EVERYWHERE]:
                known.services.extend(row.services)
    return list(found.values())


def structures() -> Iterator[tuple[str, type[Settings]]]:
    """Yield each service's name and its settings structures."""
    for package in pkgutil.iter_modules(services.__path__):
        name = f"services.{package.name}.settings"
        if package.ispkg and find_spec(name) is not None:
            for structure in _declared_in(importlib.import_module(name)):
                yield package.name.replace("_", "-"), structure


def _declared_in(module: ModuleType) -> Iterator[type[Settings]]:
    for value in vars(module).values():
        if isinstance(value, type) and issubclass(value, Settings) and value.__module__ == module.__name__:
            yield value


def _rows(service: str, structure: type[Settings]) -> Iterator[Row]:
    values = structure.load()
    named = {name.upper() for name, value in os.environ.items() if value}
    for name, information in structure.model_fields.items():
        yield Row(
            variable=variable(name),
            value=_shown(getattr(values, name)),
            unit=_unit(information),
            default=_shown(information.get_default(call_default_factory=True)),
            origin="environment" if variable(name) in named else "default",
            description=information.description or "",
            services=[service],
        )


def _unit(information: FieldInfo) -> str:
    extra = information.json_schema_extra
    return str(extra["unit"]) if isinstance(extra, dict) and "unit" in extra else UNSET


def _shown(value: Any) -> Any:
    """Return a value that may be shown: a secret as :data:`HIDDEN`, plain numbers and words as they are.

    What an address says of a user is hidden, too; up to the last address that does so, whatever is in a password.
    """
    if isinstance(value, SecretStr):
        return HIDDEN
    if value is None or isinstance(value, bool | int | float):
        return value
    return re.sub("//.*@", f"//{HIDDEN}@", str(value))
