"""What delivery counts, read by the metrics."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Counts:
    """What delivery has done since the start: events written, resyncs by reason, resumes by source."""

    deliveries: int = 0
    resyncs: Counter[str] = field(default_factory=Counter)
    resumes: Counter[str] = field(default_factory=Counter)
