"""A short run of every target, always the same: what was once right stays so."""

from __future__ import annotations

import pytest

from tests.fuzz.running import run
from tests.fuzz.target import Target
from tests.fuzz.targets import TARGETS

INPUTS = 800
SEED = 7


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
async def test_nothing_comes_of_hostile_inputs_but_what_is_documented(target: Target) -> None:
    tally = await run(target, round(INPUTS * target.share), SEED)
    reports = [f"{finding.given!r}\n{finding.report}" for finding in tally.findings.values()]
    assert tally.complaints == [], "\n".join(reports)
    assert len(tally.outcomes) > 1, "every input ends alike: nothing is reached"
