"""Who wants to be told what. A listener that raises harms nobody: it is logged, and the others are told."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final, Literal, TypeAlias

log = logging.getLogger("wasla_client")

Name: TypeAlias = Literal["status", "resync", "custom_event", "notice", "gave_up"]
NAMES: Final[tuple[str, ...]] = ("status", "resync", "custom_event", "notice", "gave_up")


class Listeners:
    """Plain functions by the name of what they are told, called in the order in which they came."""

    def __init__(self) -> None:
        self._by_name: dict[str, list[Callable[[Any], object]]] = {name: [] for name in NAMES}

    def add(self, name: str, listener: Callable[[Any], object]) -> Callable[[], None]:
        """Add; return what removes it."""
        if name not in self._by_name:
            raise ValueError(f"Expected one of {', '.join(NAMES)}, got {name!r}.")
        listeners = self._by_name[name]
        listeners.append(listener)

        def remove() -> None:
            if listener in listeners:
                listeners.remove(listener)

        return remove

    def tell(self, name: Name, what: object) -> None:
        """Call every listener of *name*."""
        for listener in list(self._by_name[name]):
            try:
                listener(what)
            except Exception:
                log.exception("a listener of %s failed", name)
