"""One sentence of the doctor's. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "note", "skipped", "warning", "problem"]


@dataclass(frozen=True, slots=True)
class Finding:
    """``what`` is seen of ``subject``, and ``advice`` what to do about it; a problem stops deliveries, or will soon."""

    level: Level
    subject: str
    what: str
    advice: str = ""

    @property
    def sentence(self) -> str:
        """The finding as one line."""
        return f"{self.subject}: {self.what}" + (f"; {self.advice}" if self.advice else "")
