"""When admissions end: who is to be warned, and whose time is over. Pure; times are Unix seconds."""

from __future__ import annotations

from typing import Final

from services.gateway.access.admission import Admission

WARNING: Final = 60.0
"""Seconds before the end of a token at which its client is told to bring another."""


class Expiries:
    """The clients whose admission ends, by client id; all the others cost nothing."""

    def __init__(self) -> None:
        self._ends: dict[str, Admission] = {}
        self._warned: set[str] = set()

    def watch(self, client_id: str, admission: Admission) -> None:
        """Keep an eye on a client, in place of what was known of it."""
        self.forget(client_id)
        if admission.ends_at is not None:
            self._ends[client_id] = admission

    def forget(self, client_id: str) -> None:
        """The client has gone."""
        self._ends.pop(client_id, None)
        self._warned.discard(client_id)

    def over(self, now: float) -> list[str]:
        """Return the clients whose time is over."""
        return [
            name for name, admission in self._ends.items() if admission.ends_at is not None and now >= admission.ends_at
        ]

    def to_warn(self, now: float) -> list[tuple[str, float]]:
        """Return the clients that are to be told now, each once, and when their tokens expire."""
        found = [
            (name, admission.expires_at)
            for name, admission in self._ends.items()
            if admission.expires_at is not None and now >= admission.expires_at - WARNING and name not in self._warned
        ]
        self._warned.update(name for name, _ in found)
        return found
