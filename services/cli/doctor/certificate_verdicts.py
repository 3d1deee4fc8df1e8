"""Verdicts on the certificate: one that browsers refuse, or will soon. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from services.cli.doctor.facts import CertificateFacts
from services.cli.doctor.finding import Finding, Level

SOON: Final = 30
"""Days: whoever renews by hand needs some."""

_DAY: Final = 86_400
_RENEW: Final = (
    "renew it, then supervisorctl -c supervisord.conf signal HUP 'gateway:*' 'gateway-extra:*' monitor: "
    "nobody is dropped"
)


def judge_certificate(facts: CertificateFacts | None) -> Iterator[Finding]:
    """Yield the finding on it; none where no TLS is spoken."""
    if facts is None:
        return
    if facts.failure is not None or facts.validity is None:
        yield _finding("problem", facts.failure or "not seen")
        return
    begins, ends = facts.validity
    days_left = (ends - facts.seen_at) / _DAY
    if facts.seen_at < begins:
        yield _finding(
            "problem",
            f"{facts.path} is good from {_date(begins)} only: clients refuse it",
            "compare this machine's clock, or put the former one back until then",
        )
    elif days_left < 0:
        yield _finding("problem", f"{facts.path} ended on {_date(ends)}: clients refuse it", _RENEW)
    elif days_left <= SOON:
        yield _finding("warning", f"{facts.path} ends on {_date(ends)}, in {_days(days_left)}", _RENEW)
    else:
        yield _finding("ok", f"{facts.path} is good until {_date(ends)}")


def _finding(level: Level, what: str, advice: str = "") -> Finding:
    return Finding(level, "certificate", what, advice)


def _date(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _days(days: float) -> str:
    whole = int(days)
    return "less than a day" if whole < 1 else f"{whole} day{'' if whole == 1 else 's'}"
