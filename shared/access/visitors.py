"""What each site asks for in a while, held to a rate; bounded, whoever comes. Pure.

Sites are numbers (:func:`shared.access.addresses.site`). Only the last of them are kept: whoever comes from more
networks than that makes us forget, and so is never the reason that somebody else is refused.
"""

from __future__ import annotations

import math
from typing import Final

from shared.rates import Bucket

MAX_SITES: Final = 10_000
"""Sites that are remembered, about 2 MiB of them."""


class SiteRates:
    """A bucket for each site: *burst* at once, *rate* a second. ``now`` is seconds on any one clock."""

    def __init__(self, *, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._buckets: dict[int, Bucket] = {}

    def __len__(self) -> int:
        return len(self._buckets)

    def takes(self, site: int, now: float, amount: float = 1) -> bool:
        """Count *amount* for a site if it may have that, and tell whether it may; an amount beyond *burst* counts as
        *burst*."""
        bucket = self._buckets.pop(site) if site in self._buckets else Bucket()
        self._buckets[site] = bucket  # at the end: it was the last to come
        if len(self._buckets) > MAX_SITES:
            del self._buckets[next(iter(self._buckets))]
        return bucket.takes(min(amount, self._burst), now, rate=self._rate, burst=self._burst)

    def wait(self, site: int, now: float, amount: float = 1) -> float:
        """Return in how many seconds the site may have *amount*, if nothing else comes in between."""
        bucket = self._buckets.get(site, Bucket())
        return bucket.wait(min(amount, self._burst), now, rate=self._rate, burst=self._burst)

    def retry_after(self, site: int, now: float) -> int:
        """Return the same in whole seconds, one at least, as Retry-After says it (RFC 9110 section 10.2.3)."""
        return max(1, math.ceil(self.wait(site, now)))
