"""Who wants to be told what. A listener that raises harms nobody: it is logged, and the others are told.

The names are the client's own (``status``, ``resync``, ...), and those of :mod:`wasla_client.names`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final

from wasla_client.events import Problem
from wasla_client.names import RESERVED, brings_changes

log = logging.getLogger("wasla_client")

NAMES: Final = RESERVED | {"custom-event", "booking-change", "vehicle-change"}
"""The names there are whatever is watched and broadcast."""


class Listeners:
    """Plain functions by the name of what they are told, called in the order in which they came."""

    def __init__(self) -> None:
        self._by_name: dict[str, list[Callable[[Any], object]]] = {}

    @property
    def want_changes(self) -> bool:
        """Tell whether somebody listens to a name of changes."""
        return any(listeners and brings_changes(name) for name, listeners in self._by_name.items())

    def add(self, name: str, listener: Callable[[Any], object]) -> Callable[[], None]:
        """Add; return what removes it."""
        if not isinstance(name, str) or not name:
            raise ValueError(f"Expected the name of an event such as 'connected', got {name!r}.")
        listeners = self._by_name.setdefault(name, [])
        listeners.append(listener)

        def remove() -> None:
            if listener in listeners:
                listeners.remove(listener)

        return remove

    def tell(self, name: str, what: object) -> None:
        """Call every listener of *name*."""
        for listener in list(self._by_name.get(name, ())):
            try:
                listener(what)
            except Exception as cause:
                log.exception("a listener of %s failed", name)
                if name != "error":  # who fails at errors is not told of its own
                    self.failed(f"A listener of {name}", cause)

    def failed(self, who: str, cause: Exception) -> None:
        """Tell who listens to ``error`` that something of the application's raised."""
        self.tell("error", Problem("handler_failed", f"{who} raised {cause!r}.", cause=cause))
