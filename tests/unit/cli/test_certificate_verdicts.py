"""The doctor on the certificate: over, over soon, not good yet, another key's, and one on which all is well."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from services.cli.doctor.certificate_verdicts import SOON, judge_certificate
from services.cli.doctor.examine_certificate import examine_certificate
from services.cli.doctor.facts import CertificateFacts, MachineFacts
from services.cli.doctor.machine_verdicts import judge_machine
from shared.access.settings import AccessSettings
from shared.access.validity import Validity
from tests.certificates import make_certificate

NOW = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC).timestamp()
DAY = 86_400.0


def judged(*, begins: float = -DAY, ends: float = 90 * DAY) -> tuple[str, str]:
    """Judge one that begins and ends so many seconds from now."""
    (finding,) = judge_certificate(CertificateFacts(path="c", validity=Validity(NOW + begins, NOW + ends), seen_at=NOW))
    assert finding.subject == "certificate"
    return finding.level, finding.sentence


@pytest.mark.parametrize(
    ("dates", "level", "words"),
    [
        ({}, "ok", "c is good until 2027-02-21 12:00 UTC"),
        ({"ends": SOON * DAY + 1}, "ok", "c is good until"),
        ({"ends": SOON * DAY}, "warning", "c ends on 2026-12-23 12:00 UTC, in 30 days; renew it"),
        ({"ends": DAY}, "warning", "in 1 day; renew it"),
        ({"ends": 60.0}, "warning", "in less than a day; renew it"),
        ({"ends": 0.0}, "warning", "in less than a day; renew it"),
        ({"ends": -1.0}, "problem", "c ended on 2026-11-23 11:59 UTC: clients refuse it; renew it"),
        ({"begins": 1.0}, "problem", "c is good from 2026-11-23 12:00 UTC only: clients refuse it; compare this"),
    ],
)
def test_dates(dates: dict[str, Any], level: str, words: str) -> None:
    found, sentence = judged(**dates)
    assert found == level
    assert words in sentence


def test_without_tls_nothing_is_said() -> None:
    assert examine_certificate(AccessSettings()) is None
    assert list(judge_certificate(None)) == []
    assert not any(finding.subject == "certificate" for finding in judge_machine(MachineFacts()))


def test_what_is_wrong_with_the_files_is_a_problem(tmp_path: Path) -> None:
    ours, others = make_certificate(tmp_path), make_certificate(tmp_path, "another")
    for cert, key, words in (
        (ours.cert, others.key, "expected the private key of the certificate"),
        (ours.cert, tmp_path / "none.key", "cannot be read"),
        (ours.key, ours.key, "it holds no certificate"),
        (ours.cert, None, "set both, or neither"),
    ):
        facts = examine_certificate(AccessSettings(tls_cert=cert, tls_key=key))
        (finding,) = judge_machine_on(facts)
        assert finding.level == "problem"
        assert words in finding.sentence


def test_a_pair_that_fits_is_read_to_its_end(tmp_path: Path) -> None:
    files = make_certificate(tmp_path)
    (finding,) = judge_machine_on(examine_certificate(AccessSettings(tls_cert=files.cert, tls_key=files.key)))
    assert finding.level == "warning"
    assert f"{files.cert} ends on" in finding.sentence
    assert "in 29 days" in finding.sentence


def judge_machine_on(certificate: CertificateFacts | None) -> list[Any]:
    """Return what the doctor says of the machine's certificate."""
    findings = judge_machine(MachineFacts(certificate=certificate))
    return [finding for finding in findings if finding.subject == "certificate"]
